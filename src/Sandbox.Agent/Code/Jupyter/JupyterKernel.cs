using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A running Jupyter kernel, spoken to in its own protocol.</summary>
internal sealed partial class JupyterKernel : IInterpreter
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ConnectPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan GreetLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);

    private readonly KernelSpec _spec;
    private readonly InterpreterProcess _process;
    private readonly byte[] _key;
    private readonly string _session = Identifier.Generate();
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _gate = new();
    private ZmtpConnection _shell = null!;
    private ZmtpConnection _output = null!;
    private ZmtpConnection _control = null!;
    private Execution? _current;

    private JupyterKernel(KernelSpec spec, InterpreterProcess process, byte[] key) => (_spec, _process, _key) = (spec, process, key);

    /// <inheritdoc/>
    public bool HasEnded => _process.Ended.IsCompleted;

    /// <summary>Starts a kernel and waits until it answers.</summary>
    /// <param name="spec">The kernel.</param>
    /// <param name="environment">Its environment.</param>
    /// <param name="directory">Where it starts.</param>
    /// <param name="runtime">Where what does not outlive the agent lies.</param>
    /// <param name="loop">Where its pipes are watched.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static async Task<JupyterKernel> StartAsync(KernelSpec spec, IReadOnlyDictionary<string, string> environment, string directory, string runtime, EventLoop loop)
    {
        using ConnectionFile connection = new();
        string file = Path.Combine(runtime, "kernels", $"{Identifier.Generate()}.json");
        connection.Write(file);
        Dictionary<string, string> variables = new(environment);
        foreach ((string name, string value) in spec.Variables)
        {
            variables[name] = value;
        }

        string[] arguments = [.. spec.Arguments.Select(argument => argument.Replace("{connection_file}", file, StringComparison.Ordinal))];
        InterpreterProcess process = InterpreterProcess.Start(
            new InterpreterCommand(spec.Program, arguments, variables, directory), new Dictionary<int, FileDescriptor>(), loop);
        JupyterKernel kernel = new(spec, process, connection.Key);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(kernel._ended.Token);
        limit.CancelAfter(StartLimit);
        _ = kernel.ObserveEndAsync(file);
        try
        {
            await kernel.ConnectAsync(connection, limit.Token);
            process.SetReady();
            return kernel;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            ApiException told = kernel.HasEnded
                ? process.StartFailure()
                : new ApiException(ErrorCodes.InterpreterFailed, $"The Jupyter kernel '{spec.Name}' did not answer within {StartLimit.TotalSeconds:0} s.", exception);
            kernel.Dispose();
            throw told;
        }
    }

    /// <inheritdoc/>
    public async Task<RunOutcome> RunAsync(CodeRun run)
    {
        _process.Begin(run.Events);
        try
        {
            if (run.Variables.Count > 0)
            {
                await ExecuteAsync(PythonVariables.Set(run.Variables), silent: true, null);
            }

            Execution execution = await ExecuteAsync(run.Code, silent: false, run.Events);
            if (run.Variables.Count > 0 && execution.IsComplete)
            {
                await ExecuteAsync(PythonVariables.Restore, silent: true, null);
            }

            if (execution.AsksExit)
            {
                // It is on its way out: whoever comes next is to find that it has gone.
                await Task.WhenAny(_process.Ended, Task.Delay(ExitLimit));
            }

            return execution.IsComplete ? new RunOutcome(execution.Error, execution.Count) : new RunOutcome(_process.EndError(), null);
        }
        finally
        {
            _process.End();
        }
    }

    /// <inheritdoc/>
    public async Task InterruptAsync()
    {
        _process.Interrupt(itself: !_spec.IsInterruptedByMessage);
        if (_spec.IsInterruptedByMessage)
        {
            await SendAsync(_control, "interrupt_request", Identifier.Generate(), static _ => { });
        }
    }

    /// <inheritdoc/>
    public void Kill() => _process.Kill();

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    [GeneratedRegex("\u001b\\[[0-9;]*[A-Za-z]")]
    private static partial Regex Colours();

    private static string Plain(string text) => Colours().Replace(text, "");

    private async Task ObserveEndAsync(string file)
    {
        await _process.Ended;
        await _ended.CancelAsync();
        _shell?.Dispose();
        _output?.Dispose();
        _control?.Dispose();
        File.Delete(file);
    }

    private async Task ConnectAsync(ConnectionFile connection, CancellationToken cancellationToken)
    {
        _output = await ConnectAsync(connection.Output, "SUB", cancellationToken);
        _shell = await ConnectAsync(connection.Shell, "DEALER", cancellationToken);
        _control = await ConnectAsync(connection.Control, "DEALER", cancellationToken);
        _ = ReadAsync(_shell, OnReply);
        _ = ReadAsync(_output, OnOutput);
        _ = ReadAsync(_control, static _ => { });

        // A subscription takes its time; the kernel is ready when both its answer and its output come through.
        while (true)
        {
            Execution greeting = Begin(null);
            await SendAsync(_shell, "kernel_info_request", greeting.Id, static _ => { });
            if (await Task.WhenAny(greeting.Done.Task, Task.Delay(GreetLimit, cancellationToken)) == greeting.Done.Task)
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static async Task<ZmtpConnection> ConnectAsync(int port, string type, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await ZmtpConnection.ConnectAsync(port, type, cancellationToken);
            }
            catch (SocketException)
            {
                // It does not listen yet.
                await Task.Delay(ConnectPause, cancellationToken);
            }
        }
    }

    private Execution Begin(RunEvents? events)
    {
        Execution execution = new(Identifier.Generate(), events);
        lock (_gate)
        {
            _current = execution;
        }

        return execution;
    }

    private async Task<Execution> ExecuteAsync(string code, bool silent, RunEvents? events)
    {
        Execution execution = Begin(events);
        await SendAsync(_shell, "execute_request", execution.Id, writer =>
        {
            writer.WriteString("code", code);
            writer.WriteBoolean("silent", silent);
            writer.WriteBoolean("store_history", !silent);
            writer.WriteStartObject("user_expressions");
            writer.WriteEndObject();
            writer.WriteBoolean("allow_stdin", false);

            // Else a kernel refuses for a moment what comes after an error; our runs come one by one, and who asks for the next knows of it.
            writer.WriteBoolean("stop_on_error", false);
        });
        await Task.WhenAny(execution.Done.Task, _process.Ended);
        lock (_gate)
        {
            _current = null;
        }

        return execution;
    }

    private async Task SendAsync(ZmtpConnection connection, string type, string id, Action<Utf8JsonWriter> writeContent)
    {
        try
        {
            await connection.SendAsync(JupyterMessage.Write(type, id, _session, _key, writeContent), _ended.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // It has just ended; its process says so, or must.
            _process.Kill();
        }
    }

    private async Task ReadAsync(ZmtpConnection connection, Action<JupyterMessage> onMessage)
    {
        try
        {
            while (true)
            {
                if (JupyterMessage.Read(await connection.ReceiveAsync(_ended.Token), _key) is { } message)
                {
                    onMessage(message);
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or ObjectDisposedException or JsonException or InvalidOperationException)
        {
            // A kernel that breaks off or talks nonsense cannot be followed any more.
            _process.Kill();
        }
    }

    private Execution? Find(JupyterMessage message)
    {
        lock (_gate)
        {
            return _current is { } execution && execution.Id == message.ParentId ? execution : null;
        }
    }

    private void OnReply(JupyterMessage message)
    {
        if (Find(message) is not { } execution)
        {
            return;
        }

        execution.Count = message.Content.TryGetProperty("execution_count", out JsonElement count) && count.TryGetInt32(out int number) ? number : null;
        execution.AsksExit = message.Content.TryGetProperty("payload", out JsonElement payload) && payload.ValueKind == JsonValueKind.Array
            && payload.EnumerateArray().Any(item => JupyterMessage.Text(item, "source") == "ask_exit");
        switch (message.Text("status"))
        {
            case "error":
                execution.Error ??= ErrorOf(message);
                break;
            case "aborted":
                execution.Error ??= new CodeError("Aborted", "The kernel did not run the code.", []);
                break;
        }

        execution.HasReply = true;
        execution.Complete();
    }

    private void OnOutput(JupyterMessage message)
    {
        if (Find(message) is not { } execution)
        {
            return;
        }

        // What programs print comes to us directly; it was printed before.
        _process.TakeOutput();
        switch (message.Type)
        {
            case "stream":
                execution.Events?.Add(
                    message.Text("name") == "stderr" ? CodeEvents.StandardError : CodeEvents.StandardOutput, Encoding.UTF8.GetBytes(message.Text("text")));
                break;
            case "execute_result":
                Show(execution, CodeResultKinds.Result, message);
                break;
            case "display_data" or "update_display_data":
                Show(execution, CodeResultKinds.Display, message);
                break;
            case "error":
                execution.Error = ErrorOf(message);
                break;
            case "status" when message.Text("execution_state") == "idle":
                execution.IsIdle = true;
                execution.Complete();
                break;
        }
    }

    private static void Show(Execution execution, string kind, JupyterMessage message)
    {
        if (message.Content.TryGetProperty("data", out JsonElement data) && data.ValueKind == JsonValueKind.Object)
        {
            Dictionary<string, JsonElement> forms = data.EnumerateObject().ToDictionary(form => form.Name, form => form.Value);
            execution.Events?.Add(CodeEvents.Result, new CodeResult(kind, forms), ProtocolJson.Default.CodeResult);
        }
    }

    private static CodeError ErrorOf(JupyterMessage message)
    {
        IEnumerable<string> lines = message.Content.TryGetProperty("traceback", out JsonElement traceback) && traceback.ValueKind == JsonValueKind.Array
            ? traceback.EnumerateArray().Where(line => line.ValueKind == JsonValueKind.String).SelectMany(line => Plain(line.GetString()!).Split('\n'))
            : [];
        return new CodeError(message.Text("ename"), Plain(message.Text("evalue")), [.. lines]);
    }

    /// <summary>A request that the kernel works on. It is over when the kernel has both replied and become idle: output may come before and after the reply.</summary>
    private sealed class Execution(string id, RunEvents? events)
    {
        private int _done;

        public string Id { get; } = id;

        public RunEvents? Events { get; } = events;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsComplete => Done.Task.IsCompleted;

        public volatile bool HasReply;

        public volatile bool IsIdle;

        public bool AsksExit { get; set; }

        public CodeError? Error { get; set; }

        public int? Count { get; set; }

        public void Complete()
        {
            if (HasReply && IsIdle && Interlocked.Exchange(ref _done, 1) == 0)
            {
                Done.SetResult();
            }
        }
    }
}

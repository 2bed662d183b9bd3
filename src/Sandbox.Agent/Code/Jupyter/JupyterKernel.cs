using System.Net.Sockets;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A running Jupyter kernel.</summary>
internal sealed class JupyterKernel : IInterpreter
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);

    private readonly KernelSpec _spec;
    private readonly InterpreterProcess _process;
    private readonly KernelClient _client;

    private JupyterKernel(KernelSpec spec, InterpreterProcess process, KernelClient client) => (_spec, _process, _client) = (spec, process, client);

    public bool HasEnded => _process.Ended.IsCompleted;

    /// <summary>Starts a kernel and waits until it replies.</summary>
    /// <param name="runtime">The directory of files that do not outlive the agent.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static async Task<JupyterKernel> StartAsync(
        KernelSpec spec, IReadOnlyDictionary<string, string> environment, string directory, string runtime, EventLoop loop)
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
        KernelClient client = new(connection, process);
        JupyterKernel kernel = new(spec, process, client);
        _ = kernel.CleanUpAtEndAsync(file);
        using CancellationTokenSource limit = new(StartLimit);
        try
        {
            await client.ConnectAsync(limit.Token);
            process.SetReady();
            return kernel;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or SocketException)
        {
            ApiException failure = kernel.HasEnded
                ? process.StartFailure()
                : new ApiException(
                    ErrorCodes.InterpreterFailed, $"The Jupyter kernel '{spec.Name}' did not answer within {StartLimit.TotalSeconds:0} s.", exception);
            kernel.Dispose();
            throw failure;
        }
    }

    public async Task<RunOutcome> RunAsync(CodeRun run)
    {
        _process.Begin(run.Events);
        try
        {
            if (run.Variables.Count > 0)
            {
                await _client.ExecuteAsync(PythonVariables.Set(run.Variables), silent: true, null);
            }

            KernelExecution execution = await _client.ExecuteAsync(run.Code, silent: false, run.Events);
            if (run.Variables.Count > 0 && execution.IsComplete)
            {
                await _client.ExecuteAsync(PythonVariables.Restore, silent: true, null);
            }

            if (execution.AsksExit)
            {
                // It is exiting; the next run must find that it has ended.
                await Task.WhenAny(_process.Ended, Task.Delay(ExitLimit));
                _process.Kill();
                await _process.Ended;
            }

            return execution.IsComplete ? new RunOutcome(execution.Error, execution.Count) : new RunOutcome(_process.EndError(), null);
        }
        finally
        {
            _process.End();
        }
    }

    public async Task InterruptAsync()
    {
        _process.Interrupt(itself: !_spec.IsInterruptedByMessage);
        if (_spec.IsInterruptedByMessage)
        {
            await _client.InterruptAsync();
        }
    }

    public void Kill() => _process.Kill();

    public void Dispose() => _process.Dispose();

    private async Task CleanUpAtEndAsync(string connectionFile)
    {
        await _process.Ended;
        await _client.DisposeAsync();
        File.Delete(connectionFile);
    }
}

using System.Buffers;
using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>An interpreter that runs one of the <see cref="InterpreterScripts"/>. Requests and messages are JSON objects, one a line, on separate
/// pipes.</summary>
internal sealed class ScriptInterpreter : IInterpreter
{
    private const int RequestDescriptor = 3;
    private const int AnswerDescriptor = 4;

    // Keeps code that writes to the channel from exhausting memory.
    private const int MaximumAnswer = 128 * 1024 * 1024;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly bool _takesSignals;
    private readonly FileDescriptor _requests;
    private readonly PipeSource<RunEvents> _answers;
    private readonly InterpreterProcess _process;
    private readonly ArrayBufferWriter<byte> _partial = new();
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<RunOutcome>? _running;
    private long _sequence;

    private ScriptInterpreter(InterpreterCommand command, bool takesSignals, EventLoop loop)
    {
        _takesSignals = takesSignals;
        FileDescriptor.CreatePipe(out FileDescriptor requestsRead, out _requests);
        FileDescriptor.CreatePipe(out FileDescriptor answersRead, out FileDescriptor answersWrite, nonBlockingRead: true);
        using (requestsRead)
        using (answersWrite)
        {
            _process = InterpreterProcess.Start(
                command, new Dictionary<int, FileDescriptor> { [RequestDescriptor] = requestsRead, [AnswerDescriptor] = answersWrite }, loop);
        }

        _answers = new PipeSource<RunEvents>(answersRead, loop, OnAnswers);
        _ = CloseAtEndAsync();
    }

    /// <inheritdoc />
    public bool HasEnded => _process.Ended.IsCompleted;

    /// <summary>Starts an interpreter and waits until it is ready.</summary>
    /// <param name="takesSignals">Whether it is interrupted by a signal; otherwise by a request.</param>
    /// <returns>The interpreter; null when it lacks something that its language needs.</returns>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static async Task<ScriptInterpreter?> StartAsync(InterpreterCommand command, bool takesSignals, EventLoop loop)
    {
        ScriptInterpreter started = new(command, takesSignals, loop);
        await Task.WhenAny(started._ready.Task, started._process.Ended, Task.Delay(StartLimit));
        if (started._ready.Task.IsCompletedSuccessfully && await started._ready.Task)
        {
            started._process.SetReady();
            return started;
        }

        bool isMissing = started._ready.Task.IsCompletedSuccessfully;
        ApiException failure = started._process.StartFailure();
        started.Dispose();
        return isMissing ? null : throw failure;
    }

    /// <inheritdoc />
    public async Task<RunOutcome> RunAsync(CodeRun run)
    {
        TaskCompletionSource<RunOutcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.Begin(run.Events);
        _answers.Begin(run.Events);
        lock (_gate)
        {
            _running = done;
            _sequence++;
        }

        try
        {
            byte[] request = Request(run);

            // The script reads at once, or has ended; on another thread, because the code may keep it from reading.
            await Task.Run(() => Send(request));
            await Task.WhenAny(done.Task, _process.Ended);

            // Its last messages may still be in the pipe.
            _answers.Drain();
            return done.Task.IsCompletedSuccessfully ? await done.Task : new RunOutcome(_process.EndError(), null);
        }
        finally
        {
            lock (_gate)
            {
                _running = null;
            }

            _answers.End();
            _process.End();
        }
    }

    /// <inheritdoc />
    public async Task InterruptAsync()
    {
        _process.Interrupt(itself: _takesSignals);
        if (!_takesSignals)
        {
            await Task.Run(() => Send("{\"interrupt\":true}\n"u8.ToArray()));
        }
    }

    /// <inheritdoc />
    public void Kill() => _process.Kill();

    /// <inheritdoc />
    public void Dispose() => _process.Dispose();

    private async Task CloseAtEndAsync()
    {
        await _process.Ended;
        lock (_requests)
        {
            _requests.Dispose();
        }
    }

    private byte[] Request(CodeRun run)
    {
        ArrayBufferWriter<byte> line = new();
        using (Utf8JsonWriter writer = new(line))
        {
            writer.WriteStartObject();
            writer.WriteNumber("run", _sequence);
            writer.WriteString("code", run.Code);
            writer.WriteStartObject("env");
            foreach ((string name, string? value) in run.Variables)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    private void Send(byte[] line)
    {
        lock (_requests)
        {
            if (_requests.IsClosed)
            {
                return;
            }

            try
            {
                _requests.WriteAll(line);
            }
            catch (Win32Exception)
            {
                // It has just ended; its pidfd reports that.
            }
        }
    }

    private void OnAnswers(RunEvents? events, ReadOnlySpan<byte> data)
    {
        for (int end; (end = data.IndexOf((byte)'\n')) >= 0; data = data[(end + 1)..])
        {
            _partial.Write(data[..end]);
            OnAnswer(events, _partial.WrittenMemory);
            _partial.ResetWrittenCount();
        }

        _partial.Write(data);
        if (_partial.WrittenCount > MaximumAnswer)
        {
            _process.Kill();
        }
    }

    private void OnAnswer(RunEvents? events, ReadOnlyMemory<byte> line)
    {
        ScriptMessage? answer;
        try
        {
            answer = JsonSerializer.Deserialize(line.Span, CodeJson.Default.ScriptMessage);
        }
        catch (JsonException)
        {
            // The code wrote to the channel, which cannot be synchronized again.
            _process.Kill();
            return;
        }

        switch (answer?.Type)
        {
            case "ready":
                _ready.TrySetResult(true);
                break;
            case "missing":
                _ready.TrySetResult(false);
                break;
            case "result" when answer.Data is not null && events is not null:
                // Output that was printed before the result comes first.
                _process.TakeOutput();
                events.Add(CodeEvents.Result, new CodeResult(answer.Kind ?? CodeResultKinds.Display, answer.Data), ProtocolJson.Default.CodeResult);
                break;
            case "done":
                _process.TakeOutput();
                lock (_gate)
                {
                    if (answer.Run == _sequence)
                    {
                        _running?.TrySetResult(new RunOutcome(answer.Error, answer.Count));
                    }
                }

                break;
        }
    }
}

/// <summary>A message of a script: <c>ready</c>, <c>missing</c>, <c>result</c> or <c>done</c>.</summary>
internal sealed record ScriptMessage
{
    public string? Type { get; init; }

    /// <summary>The number of the run that is done.</summary>
    public long Run { get; init; }

    public string? Kind { get; init; }

    /// <summary>The forms of a result by media type.</summary>
    public Dictionary<string, JsonElement>? Data { get; init; }

    public CodeError? Error { get; init; }

    /// <summary>The execution count.</summary>
    public int? Count { get; init; }
}

/// <summary>Source-generated JSON of scripts and kernels.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ScriptMessage))]
[JsonSerializable(typeof(Jupyter.KernelFile))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class CodeJson : JsonSerializerContext;

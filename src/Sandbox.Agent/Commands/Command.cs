using System.Diagnostics;
using System.IO.Hashing;
using System.Text.Json;
using Sandbox.Agent.Files;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

internal enum StopReason
{
    /// <summary>It is not being stopped.</summary>
    None,

    /// <summary>Its time limit expired.</summary>
    TimedOut,

    /// <summary>A client asked for it.</summary>
    Cancelled,
}

/// <summary>Runs commands, one after the other.</summary>
internal interface ICommandRunner
{
    /// <summary>The process id of its shell, while it has one.</summary>
    int? ShellId { get; }

    /// <summary>Starts a command, or queues it behind those that wait.</summary>
    /// <exception cref="ApiException">It could not be started, and nothing ran; or the runner is closed.</exception>
    void Enqueue(Command command);

    /// <summary>Removes a queued command, or ends a running one with everything it started.</summary>
    void Stop(Command command, StopReason reason, Signal first);

    /// <summary>Sends a signal to a running command's processes.</summary>
    void Send(Command command, Signal signal);
}

/// <summary>A command or process: its request, its state and its output log.</summary>
internal sealed class Command
{
    private const int ShownLength = 4000;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommandRecord _record;
    private long _startedTicks;

    /// <summary>Creates a command in the state <see cref="ProcessState.Queued"/>.</summary>
    public Command(string id, ProcessKind kind, ICommandRunner runner, string? sessionId, string? directory, ExecRequest request, OutputLog journal)
    {
        Runner = runner;
        Request = request;
        Output = journal;
        Text = request.Command ?? string.Join(' ', request.Argv!.Skip(1).Prepend(SandboxPath.ExpandHome(request.Argv![0])).Select(BashQuoting.Quote));
        Input = request.StdinOpen ? new CommandInput(() => StopReason != StopReason.None) : null;
        _record = new CommandRecord
        {
            Id = id,
            Kind = kind,
            SessionId = sessionId,
            Text = Text.Length > ShownLength ? Text[..ShownLength] : Text,
            Cwd = directory,
            Fingerprint = FingerprintOf(kind, sessionId, request),
            CreatedAt = DateTimeOffset.UtcNow,
        };
    }

    /// <summary>Restores a command of an earlier agent.</summary>
    public Command(CommandRecord record, OutputLog journal, FrameKind kind, byte[] payload)
    {
        _record = record;
        Output = journal;
        Exit = kind == FrameKind.Exit ? JsonSerializer.Deserialize(payload, ProtocolJson.Default.ExecExit) : null;
        State = kind switch
        {
            FrameKind.Exit => ProcessState.Exited,
            FrameKind.Error => ProcessState.Refused,
            _ => ProcessState.Lost,
        };
        journal.CloseUnwritten(State == ProcessState.Lost ? FrameKind.Error : kind, State == ProcessState.Lost
            ? ErrorOf(new ApiException(ErrorCodes.ProcessLost, "The sandbox stopped while this was running. How it ended is not known."))
            : payload);
        _ended.SetResult();
    }

    public string Id => _record.Id;

    public ProcessKind Kind => _record.Kind;

    /// <summary>The session that the request named, if any.</summary>
    public string? SessionId => _record.SessionId;

    /// <summary>The request; null after the end.</summary>
    public ExecRequest? Request { get; private set; }

    /// <summary>The text for the shell; empty after the end.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Identifies the request, to recognize a repeated one.</summary>
    public string Fingerprint => _record.Fingerprint;

    public OutputLog Output { get; }

    /// <summary>The standard input that is sent while it runs; null without <c>stdinOpen</c>.</summary>
    public CommandInput? Input { get; }

    public DateTimeOffset StartedAt => _record.StartedAt ?? _record.CreatedAt;

    /// <summary>The time of its end; of its start when the end is not known.</summary>
    public DateTimeOffset EndedAt => Exit is null ? StartedAt : Exit.StartedAt.AddMilliseconds(Exit.DurationMs);

    public ProcessState State { get; private set; }

    public ExecExit? Exit { get; private set; }

    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);

    public Action? OnEnded { get; set; }

    public Task Ended => _ended.Task;

    public StopReason StopReason { get; set; }

    /// <summary>The session that runs it; null after the end.</summary>
    public ICommandRunner? Runner { get; private set; }

    /// <summary>The strongest signal that was sent to stop it.</summary>
    public Signal? StopSignal { get; set; }

    /// <summary>Identifies a request by its content. Values of secrets are left out, since the result is stored on disk.</summary>
    public static string FingerprintOf(ProcessKind kind, string? sessionId, ExecRequest request)
    {
        ExecRequest open = request with { SecretEnv = request.SecretEnv?.Keys.ToDictionary(name => name, _ => (string?)null) };
        return $"{kind}:{sessionId}:{Convert.ToHexString(XxHash128.Hash(JsonSerializer.SerializeToUtf8Bytes(open, ProtocolJson.Default.ExecRequest)))}";
    }

    /// <summary>Marks it as running and creates its first file.</summary>
    public void Start()
    {
        _record = _record with { StartedAt = DateTimeOffset.UtcNow };
        _startedTicks = Stopwatch.GetTimestamp();
        State = ProcessState.Running;
        Output.Begin(_record);
    }

    /// <summary>Records how it ended. Nothing happens to it afterwards.</summary>
    /// <param name="shellRestarted">Whether its shell ended and was replaced.</param>
    public void End(int exitCode, Signal? signal, bool shellRestarted, Usage usage)
    {
        if (State == ProcessState.Queued)
        {
            Output.Begin(_record);
        }

        Exit = new ExecExit
        {
            ExitCode = exitCode,
            Signal = signal?.ToString(),
            TimedOut = StopReason == StopReason.TimedOut,
            Cancelled = StopReason == StopReason.Cancelled,
            ShellRestarted = shellRestarted,
            DurationMs = _startedTicks == 0 ? 0 : Math.Round(Stopwatch.GetElapsedTime(_startedTicks).TotalMilliseconds, 3),
            StartedAt = StartedAt,
            CpuMs = usage.Cpu?.TotalMilliseconds,
            PeakMemoryBytes = usage.PeakMemory,
        };
        Close(ProcessState.Exited, FrameKind.Exit, JsonSerializer.SerializeToUtf8Bytes(Exit, ProtocolJson.Default.ExecExit));
    }

    /// <summary>Records that it never ran.</summary>
    public void Refuse(ApiException failure)
    {
        Output.Begin(_record);
        Close(ProcessState.Refused, FrameKind.Error, ErrorOf(failure));
    }

    public ProcessInfo ToInfo()
    {
        // In this order: a command that ends meanwhile must not show a process id that may be reused.
        int? pid = State == ProcessState.Running ? Runner?.ShellId : null;
        (OutputCursor start, OutputCursor end) = Output.Range;
        return new ProcessInfo
        {
            Id = Id,
            Kind = Kind,
            SessionId = SessionId,
            State = State,
            Command = _record.Text,
            Cwd = _record.Cwd,
            Pid = State == ProcessState.Running ? pid : null,
            CreatedAt = _record.CreatedAt,
            StartedAt = _record.StartedAt,
            EndedAt = Exit is null ? null : EndedAt,
            Exit = Exit,
            Stdout = new(start.StandardOutput, end.StandardOutput),
            Stderr = new(start.StandardError, end.StandardError),
        };
    }

    private static byte[] ErrorOf(ApiException failure) => JsonSerializer.SerializeToUtf8Bytes(failure.ToBody(null), ProtocolJson.Default.ErrorBody);

    private void Close(ProcessState state, FrameKind kind, byte[] payload)
    {
        State = state;
        Input?.Close();
        Request = null;
        Text = "";
        Runner = null;
        Output.Close(kind, payload);
        OnEnded?.Invoke();
        _ended.SetResult();
    }
}

/// <summary>Resources that a command used.</summary>
internal readonly record struct Usage(TimeSpan? Cpu, long? PeakMemory);

using System.Diagnostics;
using System.IO.Hashing;
using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>Why a command is being stopped.</summary>
internal enum StopReason
{
    /// <summary>Nobody stops it.</summary>
    None,

    /// <summary>Its time limit.</summary>
    TimedOut,

    /// <summary>A caller.</summary>
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
    /// <param name="first">The first signal to send: INT, TERM or KILL.</param>
    void Stop(Command command, StopReason reason, Signal first);

    /// <summary>Sends a signal to a running command's processes.</summary>
    void Send(Command command, Signal signal);
}

/// <summary>One command or process: what was asked, where it stands, and its journal.</summary>
internal sealed class Command
{
    private const int ShownLength = 4000;

    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CommandRecord _record;
    private long _startedTicks;

    /// <summary>Creates a command that waits.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="kind">Whether it is a command or a process.</param>
    /// <param name="sessionId">The session that the request named, if any.</param>
    /// <param name="directory">The directory it starts in, where that is known.</param>
    /// <param name="request">What was asked, checked.</param>
    /// <param name="journal">Where its output goes.</param>
    public Command(string id, ProcessKind kind, ICommandRunner runner, string? sessionId, string? directory, ExecRequest request, OutputLog journal)
    {
        Runner = runner;
        Request = request;
        Output = journal;
        Text = request.Command ?? string.Join(' ', request.Argv!.Select(BashQuoting.Quote));
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

    /// <summary>Brings back a command of an earlier agent.</summary>
    /// <param name="record">What it was.</param>
    /// <param name="journal">What it printed.</param>
    /// <param name="kind">The kind of its last frame; neither of the two when it was running.</param>
    /// <param name="payload">What that says.</param>
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
            ? ErrorOf(new ApiException(ErrorCodes.ProcessLost, "The sandbox went down while this ran; how it ended is not known."))
            : payload);
        _ended.SetResult();
    }

    /// <summary>Its id, chosen by the client or by us.</summary>
    public string Id => _record.Id;

    /// <summary>Whether it is a command or a process.</summary>
    public ProcessKind Kind => _record.Kind;

    /// <summary>The session that the request named, if any.</summary>
    public string? SessionId => _record.SessionId;

    /// <summary>What was asked; null when it has ended.</summary>
    public ExecRequest? Request { get; private set; }

    /// <summary>The text for the shell; empty when it has ended.</summary>
    public string Text { get; private set; } = "";

    /// <summary>Tells whether a second request under the same id asks for the same.</summary>
    public string Fingerprint => _record.Fingerprint;

    /// <summary>What it printed and how it ended.</summary>
    public OutputLog Output { get; }

    /// <summary>What it reads, where that comes after it was started.</summary>
    public CommandInput? Input { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt => _record.StartedAt ?? _record.CreatedAt;

    /// <summary>When it ended, as far as is known.</summary>
    public DateTimeOffset EndedAt => Exit is null ? StartedAt : Exit.StartedAt.AddMilliseconds(Exit.DurationMs);

    /// <summary>Where it stands.</summary>
    public ProcessState State { get; private set; }

    /// <summary>How it ended.</summary>
    public ExecExit? Exit { get; private set; }

    /// <summary>Whether it has ended, however.</summary>
    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);

    /// <summary>Told when it has ended.</summary>
    public Action? OnEnded { get; set; }

    /// <summary>Completes when it has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Why it is being stopped, if it is.</summary>
    public StopReason StopReason { get; set; }

    /// <summary>The session, named or thrown away, whose shell runs it; null when it has ended.</summary>
    public ICommandRunner? Runner { get; private set; }

    /// <summary>The strongest signal used to stop it.</summary>
    public Signal? StopSignal { get; set; }

    /// <summary>Tells two requests apart. Secrets do not enter it, since it lies on disk.</summary>
    /// <param name="kind">What is asked for.</param>
    /// <param name="sessionId">The session that the request named, if any.</param>
    /// <param name="request">The request.</param>
    public static string FingerprintOf(ProcessKind kind, string? sessionId, ExecRequest request)
    {
        ExecRequest open = request with { SecretEnv = request.SecretEnv?.Keys.ToDictionary(name => name, _ => (string?)null) };
        return $"{kind}:{sessionId}:{Convert.ToHexString(XxHash128.Hash(JsonSerializer.SerializeToUtf8Bytes(open, ProtocolJson.Default.ExecRequest)))}";
    }

    /// <summary>Starts its clock. From now on it is known on disk.</summary>
    public void Start()
    {
        _record = _record with { StartedAt = DateTimeOffset.UtcNow };
        _startedTicks = Stopwatch.GetTimestamp();
        State = ProcessState.Running;
        Output.Begin(_record);
    }

    /// <summary>Records how it ended; the last thing that happens to it.</summary>
    /// <param name="exitCode">Its exit code.</param>
    /// <param name="signal">The signal that ended it.</param>
    /// <param name="shellRestarted">Whether its shell went with it.</param>
    /// <param name="usage">What it used, where that is known.</param>
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
    /// <param name="failure">Why.</param>
    public void Refuse(ApiException failure)
    {
        Output.Begin(_record);
        Close(ProcessState.Refused, FrameKind.Error, ErrorOf(failure));
    }

    /// <summary>The wire form.</summary>
    public ProcessInfo ToInfo()
    {
        // In this order: what has ended meanwhile shows no process that may be another's by now.
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

/// <summary>What a command used.</summary>
/// <param name="Cpu">Processor time.</param>
/// <param name="PeakMemory">Bytes.</param>
internal readonly record struct Usage(TimeSpan? Cpu, long? PeakMemory);

namespace Sandbox.Protocol;

/// <summary>What a record of something that runs or ran is about.</summary>
public enum ProcessKind
{
    /// <summary>A command: in a session, one after the other, its caller waiting for it.</summary>
    Command,

    /// <summary>A process in the background.</summary>
    Process,
}

/// <summary>Where a command or process stands.</summary>
public enum ProcessState
{
    /// <summary>It waits for another command of its session.</summary>
    Queued,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has ended, and how is known.</summary>
    Exited,

    /// <summary>It never ran: its session was deleted before its turn came.</summary>
    Refused,

    /// <summary>The sandbox went down while it ran: how it ended is not known.</summary>
    Lost,
}

/// <summary>A command or a process, as the API shows it.</summary>
public sealed record ProcessInfo
{
    /// <summary>Its key within the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it is a command or a process.</summary>
    public required ProcessKind Kind { get; init; }

    /// <summary>The session that the command was for, or whose directory and variables the process started with.</summary>
    public string? SessionId { get; init; }

    /// <summary>Where it stands.</summary>
    public required ProcessState State { get; init; }

    /// <summary>Its text, shortened to 4,000 characters.</summary>
    public required string Command { get; init; }

    /// <summary>The directory it started in; of a command in a session only when it was given one.</summary>
    public string? Cwd { get; init; }

    /// <summary>The kernel's number for it inside the sandbox, while it runs.</summary>
    public int? Pid { get; init; }

    /// <summary>When it was asked for.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public ExecExit? Exit { get; init; }

    /// <summary>What is kept of its standard output.</summary>
    public required OutputRange Stdout { get; init; }

    /// <summary>What is kept of its standard error.</summary>
    public required OutputRange Stderr { get; init; }

    /// <summary>Whether it has ended, however.</summary>
    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);
}

/// <summary>Which bytes of a stream are kept.</summary>
/// <param name="Start">The offset of the first.</param>
/// <param name="End">The offset behind the last: how many it has printed.</param>
public readonly record struct OutputRange(long Start, long End);

/// <summary>Answer of <c>GET …/process</c>.</summary>
/// <param name="Processes">Those asked for, oldest first.</param>
public sealed record ProcessList(IReadOnlyList<ProcessInfo> Processes);

/// <summary>Body of <c>POST …/process/{pid}/signal</c> and <c>POST …/process/signal</c>.</summary>
/// <param name="Signal">A signal's name. <c>INT</c> and <c>TERM</c> stop it in steps, up to KILL, and <c>KILL</c> at once, with everything it started; any
/// other is sent and no more.</param>
public sealed record SignalRequest(string Signal);

/// <summary>Answer of <c>GET …/process/{pid}/wait</c>.</summary>
/// <param name="Outcome">What came first.</param>
/// <param name="Process">The process then.</param>
public sealed record WaitAnswer(string Outcome, ProcessInfo Process);

/// <summary>What a wait can end with.</summary>
public static class WaitOutcomes
{
    /// <summary>The process has ended.</summary>
    public const string Exited = "exited";

    /// <summary>Someone in the sandbox listens on the port and, if that was asked for, answers as asked.</summary>
    public const string Ready = "ready";

    /// <summary>The time was over: ask again.</summary>
    public const string TimedOut = "timedOut";
}

namespace Sandbox.Protocol;

/// <summary>Kinds of processes.</summary>
public enum ProcessKind
{
    /// <summary>A command; the commands of a session run one after the other.</summary>
    Command,

    /// <summary>A background process.</summary>
    Process,
}

/// <summary>The state of a command or process.</summary>
public enum ProcessState
{
    /// <summary>It waits for another command of its session.</summary>
    Queued,

    /// <summary>It is running.</summary>
    Running,

    /// <summary>It has exited.</summary>
    Exited,

    /// <summary>Its session was deleted before it started.</summary>
    Refused,

    /// <summary>The sandbox stopped while it was running, so its exit code is not known.</summary>
    Lost,
}

/// <summary>A command or a process, as returned by the API.</summary>
public sealed record ProcessInfo
{
    /// <summary>The id, unique in the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>The kind.</summary>
    public required ProcessKind Kind { get; init; }

    /// <summary>The session of the command, or whose directory and variables the process started with.</summary>
    public string? SessionId { get; init; }

    /// <summary>The state.</summary>
    public required ProcessState State { get; init; }

    /// <summary>The command line, truncated to 4,000 characters.</summary>
    public required string Command { get; init; }

    /// <summary>The initial directory; of a command in a session only when the request named one.</summary>
    public string? Cwd { get; init; }

    /// <summary>The process id in the sandbox, while it is running.</summary>
    public int? Pid { get; init; }

    /// <summary>When it was requested.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The result.</summary>
    public ExecExit? Exit { get; init; }

    /// <summary>The retained standard output.</summary>
    public required OutputRange Stdout { get; init; }

    /// <summary>The retained standard error.</summary>
    public required OutputRange Stderr { get; init; }

    /// <summary>Whether it has ended in any way.</summary>
    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);
}

/// <summary>The retained bytes of a stream.</summary>
/// <param name="Start">The offset of the first byte.</param>
/// <param name="End">The offset after the last byte.</param>
public readonly record struct OutputRange(long Start, long End);

/// <summary>Response of <c>GET …/process</c>.</summary>
/// <param name="Processes">The requested ones, oldest first.</param>
public sealed record ProcessList(IReadOnlyList<ProcessInfo> Processes);

/// <summary>Body of <c>POST …/process/{pid}/signal</c> and <c>POST …/process/signal</c>.</summary>
/// <param name="Signal">The signal. <c>INT</c> and <c>TERM</c> stop it with its descendants in steps up to KILL, <c>KILL</c> at once; others are only
/// sent.</param>
public sealed record SignalRequest(string Signal);

/// <summary>Response of <c>GET …/process/{pid}/wait</c>.</summary>
/// <param name="Outcome">What happened first.</param>
/// <param name="Process">The process.</param>
public sealed record WaitAnswer(string Outcome, ProcessInfo Process);

/// <summary>Outcomes of a wait.</summary>
public static class WaitOutcomes
{
    /// <summary>The process has exited.</summary>
    public const string Exited = "exited";

    /// <summary>A program listens on the port and, if requested, responds as expected.</summary>
    public const string Ready = "ready";

    /// <summary>The time limit was reached: repeat the request.</summary>
    public const string TimedOut = "timedOut";
}

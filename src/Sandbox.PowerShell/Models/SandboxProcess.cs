using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a background process or command of a sandbox.</summary>
public sealed class SandboxProcess
{
    internal SandboxProcess(ProcessInfo info, SandboxHandle sandbox, string? matchedLine = null)
    {
        Id = info.Id;
        SandboxId = sandbox.Id;
        SessionId = info.SessionId;
        Kind = info.Kind;
        State = info.State;
        Command = info.Command;
        WorkingDirectory = info.Cwd;
        Pid = info.Pid;
        ExitCode = info.Exit?.ExitCode;
        Signal = info.Exit?.Signal;
        TimedOut = info.Exit?.TimedOut ?? false;
        Cancelled = info.Exit?.Cancelled ?? false;
        CreatedAt = info.CreatedAt;
        StartedAt = info.StartedAt;
        EndedAt = info.EndedAt;
        Duration = info.Exit is null ? null : TimeSpan.FromMilliseconds(info.Exit.DurationMs);
        CpuMs = info.Exit?.CpuMs;
        PeakMemoryBytes = info.Exit?.PeakMemoryBytes;
        StandardOutputLength = info.Stdout.End;
        StandardErrorLength = info.Stderr.End;
        MatchedLine = matchedLine;
        Server = sandbox.Server;
    }

    /// <summary>The id, unique in the sandbox.</summary>
    public string Id { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session that provided the directory and variables, or ran the command; null for none.</summary>
    public string? SessionId { get; }

    /// <summary>Whether it is a background process or a command.</summary>
    public ProcessKind Kind { get; }

    /// <summary>The state.</summary>
    public ProcessState State { get; }

    /// <summary>Its text, shortened.</summary>
    public string Command { get; }

    /// <summary>The directory it started in, where that is known.</summary>
    public string? WorkingDirectory { get; }

    /// <summary>Its process id inside the sandbox, while it runs.</summary>
    public int? Pid { get; }

    /// <summary>The exit code, once it has ended; 128 + n when signal n ended it.</summary>
    public int? ExitCode { get; }

    /// <summary>The name of the signal that ended it.</summary>
    public string? Signal { get; }

    /// <summary>Whether it was stopped by its timeout.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether it was cancelled.</summary>
    public bool Cancelled { get; }

    /// <summary>The time of the request.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>The start time.</summary>
    public DateTimeOffset? StartedAt { get; }

    /// <summary>The end time; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; }

    /// <summary>The run time, by the clock of the sandbox.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>The processor time in milliseconds, if available.</summary>
    public double? CpuMs { get; }

    /// <summary>The peak memory of its largest process in bytes, if available.</summary>
    public long? PeakMemoryBytes { get; }

    /// <summary>How many bytes it has written to standard output.</summary>
    public long StandardOutputLength { get; }

    /// <summary>How many bytes it has written to standard error.</summary>
    public long StandardErrorLength { get; }

    /// <summary>The line that <c>Wait-SandboxProcess -Pattern</c> waited for.</summary>
    public string? MatchedLine { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>Whether it is no longer queued or running.</summary>
    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);

    /// <summary>Returns <c>sandbox/process</c>, which is accepted wherever the id of a process is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}

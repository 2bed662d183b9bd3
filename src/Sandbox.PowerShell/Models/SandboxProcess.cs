using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a background process or command of a sandbox.</summary>
public sealed class SandboxProcess
{
    internal SandboxProcess(ProcessInfo info, string sandboxId, string server, string? matchedLine = null)
    {
        Id = info.Id;
        SandboxId = sandboxId;
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
        Server = server;
    }

    /// <summary>Its key in its sandbox.</summary>
    public string Id { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The session whose directory and variables it started with, or that the command was for; null for none.</summary>
    public string? SessionId { get; }

    /// <summary>Whether it is a process in the background or a command.</summary>
    public ProcessKind Kind { get; }

    /// <summary>Where it stands.</summary>
    public ProcessState State { get; }

    /// <summary>Its text, shortened.</summary>
    public string Command { get; }

    /// <summary>The directory it started in, where that is known.</summary>
    public string? WorkingDirectory { get; }

    /// <summary>Its process id inside the sandbox, while it runs.</summary>
    public int? Pid { get; }

    /// <summary>The exit code, once it has ended; 128 + n when signal n ended it.</summary>
    public int? ExitCode { get; }

    /// <summary>The signal that ended it, by name.</summary>
    public string? Signal { get; }

    /// <summary>Whether its time limit stopped it.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether somebody stopped it.</summary>
    public bool Cancelled { get; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; }

    /// <summary>How long it ran, by the sandbox's clock.</summary>
    public TimeSpan? Duration { get; }

    /// <summary>Processor time it took, in milliseconds, where the kernel tells.</summary>
    public double? CpuMs { get; }

    /// <summary>The peak memory of its largest process in bytes, if available.</summary>
    public long? PeakMemoryBytes { get; }

    /// <summary>How many bytes it has written to standard output.</summary>
    public long StandardOutputLength { get; }

    /// <summary>How many bytes it has written to standard error.</summary>
    public long StandardErrorLength { get; }

    /// <summary>The line that <c>Wait-SandboxProcess -Pattern</c> waited for.</summary>
    public string? MatchedLine { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <summary>Whether it has ended, however.</summary>
    public bool HasEnded => State is not (ProcessState.Queued or ProcessState.Running);

    /// <summary><c>sandbox/process</c>, which is taken wherever a process's id is.</summary>
    public override string ToString() => $"{SandboxId}/{Id}";
}

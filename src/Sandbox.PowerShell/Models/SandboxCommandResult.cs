using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The exit status and output of a command.</summary>
public sealed class SandboxCommandResult
{
    internal SandboxCommandResult(RemoteCommand run, ExecExit exit, CollectedOutput output)
    {
        ExitCode = exit.ExitCode;
        StandardOutput = output.StandardOutput;
        StandardError = output.StandardError;
        Command = run.Text;
        Duration = TimeSpan.FromMilliseconds(exit.DurationMs);
        DurationMs = exit.DurationMs;
        StartedAt = exit.StartedAt;
        CpuMs = exit.CpuMs;
        PeakMemoryBytes = exit.PeakMemoryBytes;
        TimedOut = exit.TimedOut;
        Cancelled = exit.Cancelled;
        Signal = exit.Signal;
        ShellRestarted = exit.ShellRestarted;
        Truncated = output.IsTruncated;
        SandboxId = run.Target.SandboxId;
        SessionId = run.Target.SessionId;
        ProcessId = run.Id;
        Server = run.Target.Client.Server;
    }

    /// <summary>The exit code; 128 + n when signal n ended the command.</summary>
    public int ExitCode { get; }

    /// <summary>Whether the exit code is 0 and nothing stopped the command.</summary>
    public bool Success => ExitCode == 0 && !TimedOut && !Cancelled;

    /// <summary>What it wrote to standard output.</summary>
    public string StandardOutput { get; }

    /// <summary>What it wrote to standard error.</summary>
    public string StandardError { get; }

    /// <summary>The command.</summary>
    public string Command { get; }

    /// <summary>How long it ran, by the sandbox's clock.</summary>
    public TimeSpan Duration { get; }

    /// <summary><see cref="Duration"/> in milliseconds, for JSON and tables.</summary>
    public double DurationMs { get; }

    /// <summary>Processor time it took, in milliseconds, where the kernel tells.</summary>
    public double? CpuMs { get; }

    /// <summary>The most memory that one of its processes held, in bytes, where the kernel tells: for commands without a session.</summary>
    public long? PeakMemoryBytes { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Whether its time limit stopped it.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether somebody stopped it.</summary>
    public bool Cancelled { get; }

    /// <summary>The signal that ended it, by name.</summary>
    public string? Signal { get; }

    /// <summary>Whether the session's shell ended with it and a new one took its place.</summary>
    public bool ShellRestarted { get; }

    /// <summary>Whether it wrote more than <c>-OutputLimit</c> and the rest is missing here.</summary>
    public bool Truncated { get; }

    /// <summary>The sandbox it ran in.</summary>
    public string SandboxId { get; }

    /// <summary>The session it ran in, if it was one that was named.</summary>
    public string? SessionId { get; }

    /// <summary>The command's id.</summary>
    public string ProcessId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }
}

using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The exit status and output of a command.</summary>
public sealed class SandboxCommandResult
{
    internal SandboxCommandResult(ProcessHandle process, string command, ExecExit exit, CollectedOutput output)
    {
        ExitCode = exit.ExitCode;
        StandardOutput = output.StandardOutput;
        StandardError = output.StandardError;
        Command = command;
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
        SandboxId = process.Sandbox.Id;
        SessionId = process.Sandbox.SessionId;
        ProcessId = process.Id;
        Server = process.Sandbox.Server;
    }

    /// <summary>The exit code; 128 + n when signal n ended the command.</summary>
    public int ExitCode { get; }

    /// <summary>Whether the exit code is 0, without a timeout or cancellation.</summary>
    public bool Success => ExitCode == 0 && !TimedOut && !Cancelled;

    /// <summary>The standard output.</summary>
    public string StandardOutput { get; }

    /// <summary>The standard error.</summary>
    public string StandardError { get; }

    /// <summary>The command.</summary>
    public string Command { get; }

    /// <summary>The run time, by the clock of the sandbox.</summary>
    public TimeSpan Duration { get; }

    /// <summary><see cref="Duration"/> in milliseconds, for JSON and tables.</summary>
    public double DurationMs { get; }

    /// <summary>The processor time in milliseconds, if available.</summary>
    public double? CpuMs { get; }

    /// <summary>The peak memory of its largest process in bytes, if available: for commands without a session.</summary>
    public long? PeakMemoryBytes { get; }

    /// <summary>The start time.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>Whether it was stopped by its timeout.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether it was cancelled.</summary>
    public bool Cancelled { get; }

    /// <summary>The name of the signal that ended it.</summary>
    public string? Signal { get; }

    /// <summary>Whether the command ended the shell of the session, which was restarted.</summary>
    public bool ShellRestarted { get; }

    /// <summary>Whether output beyond <c>-OutputLimit</c> was discarded.</summary>
    public bool Truncated { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session, if one was specified.</summary>
    public string? SessionId { get; }

    /// <summary>The command's id.</summary>
    public string ProcessId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }
}

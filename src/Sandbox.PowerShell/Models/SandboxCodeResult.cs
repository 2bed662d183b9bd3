using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The status, output and results of a run of code.</summary>
public sealed class SandboxCodeResult
{
    internal SandboxCodeResult(ContextHandle context, CodeExit exit, CollectedOutput output)
    {
        Error = exit.Error is null ? null : new SandboxCodeError(exit.Error);
        StandardOutput = output.StandardOutput;
        StandardError = output.StandardError;
        Results = output.Results;
        TimedOut = exit.TimedOut;
        Cancelled = exit.Cancelled;
        Restarted = exit.Restarted;
        Truncated = output.IsTruncated;
        ExecutionCount = exit.ExecutionCount;
        Duration = TimeSpan.FromMilliseconds(exit.DurationMs);
        DurationMs = exit.DurationMs;
        StartedAt = exit.StartedAt;
        ContextId = context.Id;
        SandboxId = context.Sandbox.Id;
        SessionId = context.Sandbox.SessionId;
        Server = context.Sandbox.Server;
    }

    /// <summary>Whether the code completed without an error, timeout or cancellation.</summary>
    public bool Success => Error is null && !TimedOut && !Cancelled;

    /// <summary>The exception; null on success.</summary>
    public SandboxCodeError? Error { get; }

    /// <summary>The standard output.</summary>
    public string StandardOutput { get; }

    /// <summary>The standard error.</summary>
    public string StandardError { get; }

    /// <summary>The result.</summary>
    public SandboxCodeOutput[] Results { get; }

    /// <summary>Whether it was stopped by its timeout.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether it was cancelled.</summary>
    public bool Cancelled { get; }

    /// <summary>Whether the interpreter was restarted before the run and its state was lost.</summary>
    public bool Restarted { get; }

    /// <summary>Whether output beyond the limit was discarded.</summary>
    public bool Truncated { get; }

    /// <summary>The run's number in its interpreter.</summary>
    public int? ExecutionCount { get; }

    /// <summary>The run time, by the clock of the sandbox.</summary>
    public TimeSpan Duration { get; }

    /// <summary><see cref="Duration"/> in milliseconds, for JSON and tables.</summary>
    public double DurationMs { get; }

    /// <summary>The start time.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The id of the context.</summary>
    public string ContextId { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The id of the session, if one was specified.</summary>
    public string? SessionId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }
}

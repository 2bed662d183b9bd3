using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The status, output and results of a run of code.</summary>
public sealed class SandboxCodeResult
{
    internal SandboxCodeResult(CodeInvocation run, CodeExit exit, CollectedOutput output)
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
        ContextId = run.ContextId;
        SandboxId = run.Target.SandboxId;
        SessionId = run.Target.SessionId;
        Server = run.Target.Client.Server;
    }

    /// <summary>Whether the code ran to its end without an error, and nothing stopped it.</summary>
    public bool Success => Error is null && !TimedOut && !Cancelled;

    /// <summary>Why it failed, if it did.</summary>
    public SandboxCodeError? Error { get; }

    /// <summary>What was printed to standard output.</summary>
    public string StandardOutput { get; }

    /// <summary>What was printed to standard error.</summary>
    public string StandardError { get; }

    /// <summary>The result.</summary>
    public SandboxCodeOutput[] Results { get; }

    /// <summary>Whether its time limit stopped it.</summary>
    public bool TimedOut { get; }

    /// <summary>Whether somebody stopped it.</summary>
    public bool Cancelled { get; }

    /// <summary>Whether the interpreter before had ended, so that it began in a new one, without the state.</summary>
    public bool Restarted { get; }

    /// <summary>Whether more was printed than is kept here.</summary>
    public bool Truncated { get; }

    /// <summary>The run's number in its interpreter.</summary>
    public int? ExecutionCount { get; }

    /// <summary>How long it ran, by the sandbox's clock.</summary>
    public TimeSpan Duration { get; }

    /// <summary><see cref="Duration"/> in milliseconds, for JSON and tables.</summary>
    public double DurationMs { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>The context it ran in.</summary>
    public string ContextId { get; }

    /// <summary>The sandbox it ran in.</summary>
    public string SandboxId { get; }

    /// <summary>The session that was named, if one was.</summary>
    public string? SessionId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }
}

using System.Diagnostics;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>One run of code: what was asked, and what it tells.</summary>
/// <param name="request">What was asked, checked.</param>
internal sealed class CodeRun(CodeRunRequest request)
{
    private DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private long _startedTicks;

    /// <summary>The code.</summary>
    public string Code { get; } = request.Code!;

    /// <summary>Variables of this run alone; null unsets.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; } = new EnvironmentChanges(request.Env, request.SecretEnv).ToDictionary();

    /// <summary>Its own time limit, if it has one.</summary>
    public long? TimeoutMs { get; } = request.TimeoutMs;

    /// <summary>What it tells.</summary>
    public RunEvents Events { get; } = new();

    /// <summary>Why it is being stopped, if it is.</summary>
    public StopReason StopReason { get; set; }

    /// <summary>Starts its clock.</summary>
    public void Start()
    {
        _startedAt = DateTimeOffset.UtcNow;
        _startedTicks = Stopwatch.GetTimestamp();
    }

    /// <summary>Tells how it ended; the last thing that happens to it.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="restarted">Whether it began in a new interpreter that took the place of another.</param>
    public void End(RunOutcome outcome, bool restarted)
    {
        Events.Add(
            CodeEvents.Exit,
            new CodeExit
            {
                Error = outcome.Error,
                TimedOut = StopReason == StopReason.TimedOut,
                Cancelled = StopReason == StopReason.Cancelled,
                Restarted = restarted,
                ExecutionCount = outcome.Count,
                DurationMs = Math.Round(Stopwatch.GetElapsedTime(_startedTicks).TotalMilliseconds, 3),
                StartedAt = _startedAt,
            },
            ProtocolJson.Default.CodeExit);
        Events.Complete();
    }

    /// <summary>Tells that it could not be run to its end.</summary>
    /// <param name="failure">Why.</param>
    public void Refuse(ApiException failure)
    {
        Events.Add(CodeEvents.Error, failure.ToBody(null), ProtocolJson.Default.ErrorBody);
        Events.Complete();
    }
}

/// <summary>How code ended.</summary>
/// <param name="Error">Why it failed; null when it did not.</param>
/// <param name="Count">Its number in its interpreter, when that counts.</param>
internal sealed record RunOutcome(CodeError? Error, int? Count);

using System.Diagnostics;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>One run of code: the request and its events.</summary>
internal sealed class CodeRun(CodeRunRequest request)
{
    private DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private long _startedTicks;

    public string Code { get; } = request.Code!;

    /// <summary>The variables of this run alone; null unsets one.</summary>
    public IReadOnlyDictionary<string, string?> Variables { get; } = new EnvironmentChanges(request.Env, request.SecretEnv).ToDictionary();

    public long? TimeoutMs { get; } = request.TimeoutMs;

    public RunEvents Events { get; } = new();

    public StopReason StopReason { get; set; }

    public void Start()
    {
        _startedAt = DateTimeOffset.UtcNow;
        _startedTicks = Stopwatch.GetTimestamp();
    }

    /// <summary>Reports the end of the run.</summary>
    /// <param name="restarted">Whether it ran in a new interpreter because the previous one had ended.</param>
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

    /// <summary>Reports that the code was not run, or not to its end.</summary>
    public void Refuse(ApiException failure)
    {
        Events.Add(CodeEvents.Error, failure.ToBody(null), ProtocolJson.Default.ErrorBody);
        Events.Complete();
    }
}

/// <summary>The outcome of a run.</summary>
/// <param name="Error">Why it failed; null when it did not.</param>
internal sealed record RunOutcome(CodeError? Error, int? Count);

using System.Diagnostics.CodeAnalysis;
using Sandbox.Agent.Commands;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>What a context is made of.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Plan">What runs its code.</param>
/// <param name="Directory">Where the code starts.</param>
/// <param name="SessionId">The session that gave it its directory and variables, if one did.</param>
/// <param name="IsDefault">Whether it is its language's default.</param>
/// <param name="TimeoutMs">The limit for its runs, if it has one.</param>
internal sealed record ContextSettings(string Id, InterpreterPlan Plan, string Directory, string? SessionId, bool IsDefault, long? TimeoutMs);

/// <summary>An interpreter with an id and a queue of runs, replaced when it ends.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Neither a token source without a timer nor a semaphore whose handle nobody asks for holds anything to dispose of.")]
internal sealed class CodeContext
{
    // To let go after an interrupt; the last word is KILL, and the state is lost.
    private static readonly TimeSpan[] Patience = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)];

    private readonly ContextSettings _settings;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closing = new();
    private readonly DateTimeOffset _createdAt = DateTimeOffset.UtcNow;
    private volatile IInterpreter _interpreter;
    private volatile bool _isRunning;

    private CodeContext(ContextSettings settings, IInterpreter interpreter)
    {
        _settings = settings;
        _interpreter = interpreter;
    }

    /// <summary>Its id.</summary>
    public string Id => _settings.Id;

    /// <summary>When it was made.</summary>
    public DateTimeOffset CreatedAt => _createdAt;

    /// <summary>Makes a context whose interpreter is ready.</summary>
    /// <param name="settings">What it is made of.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.LanguageNotAvailable"/>, <see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static async Task<CodeContext> CreateAsync(ContextSettings settings) => new(settings, await settings.Plan.StartAsync());

    /// <summary>The wire form.</summary>
    public ContextInfo ToInfo() => new()
    {
        Id = Id,
        Language = _settings.Plan.Language,
        Interpreter = _settings.Plan.Name,
        State = _isRunning ? ContextState.Busy : ContextState.Idle,
        Cwd = _settings.Directory,
        SessionId = _settings.SessionId,
        Default = _settings.IsDefault,
        TimeoutMs = _settings.TimeoutMs,
        CreatedAt = _createdAt,
    };

    /// <summary>Checks that code can be run here as it was asked for.</summary>
    /// <param name="request">What was asked.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.Unsupported"/>.</exception>
    public void Require(CodeRunRequest request)
    {
        if (!_settings.Plan.TakesVariables && (request.Env is { Count: > 0 } || request.SecretEnv is { Count: > 0 }))
        {
            throw new ApiException(ErrorCodes.Unsupported, $"'{_settings.Plan.Name}' takes no variables for one run. Give them when the context is made.");
        }
    }

    /// <summary>Runs code when its turn comes, and tells all about it.</summary>
    /// <param name="run">The code.</param>
    /// <param name="cancellationToken">Whoever wanted it has gone.</param>
    public async Task RunAsync(CodeRun run, CancellationToken cancellationToken)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        bool hasTurn = false;
        try
        {
            await _turn.WaitAsync(stop.Token);
            hasTurn = _isRunning = true;
            bool restarted = _interpreter.HasEnded;
            if (restarted)
            {
                _interpreter = await _settings.Plan.StartAsync();
                if (_closing.IsCancellationRequested)
                {
                    _interpreter.Kill();
                }
            }

            run.Start();
            RunOutcome outcome = await FollowAsync(_interpreter.RunAsync(run), run, stop.Token);
            if (_closing.IsCancellationRequested)
            {
                run.Refuse(Closed());
            }
            else
            {
                run.End(outcome, restarted);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            run.Refuse(Closed());
        }
        catch (ApiException exception)
        {
            run.Refuse(exception);
        }
        finally
        {
            run.Events.Complete();
            if (hasTurn)
            {
                _isRunning = false;
                _turn.Release();
            }
        }
    }

    /// <summary>Ends it with everything it started. What runs or waits is refused.</summary>
    public void Close()
    {
        _closing.Cancel();
        _interpreter.Kill();
    }

    private static ApiException Closed() => new(ErrorCodes.ContextClosed, "The context was deleted before the code had run to its end.");

    private async Task<RunOutcome> FollowAsync(Task<RunOutcome> running, CodeRun run, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = new();
        Task limit = (run.TimeoutMs ?? _settings.TimeoutMs) is { } milliseconds
            ? Task.Delay(TimeSpan.FromMilliseconds(milliseconds), over.Token)
            : Task.Delay(Timeout.Infinite, over.Token);
        Task gone = Task.Delay(Timeout.Infinite, cancellationToken);
        Task first = await Task.WhenAny(running, limit, gone);
        if (first != running)
        {
            run.StopReason = first == limit ? StopReason.TimedOut : StopReason.Cancelled;
            run.Events.LiftBound();
            foreach (TimeSpan patience in Patience)
            {
                // The patience counts from the delivery, unless that does not come about.
                await Task.WhenAny(running, _interpreter.InterruptAsync(), Task.Delay(patience, over.Token));
                if (await Task.WhenAny(running, Task.Delay(patience, over.Token)) == running)
                {
                    break;
                }
            }

            if (!running.IsCompleted)
            {
                _interpreter.Kill();
            }
        }

        RunOutcome outcome = await running;
        await over.CancelAsync();
        return outcome;
    }
}

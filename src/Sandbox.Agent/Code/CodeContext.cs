using System.Diagnostics.CodeAnalysis;
using Sandbox.Agent.Commands;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>Settings of a code context.</summary>
/// <param name="IsDefault">Whether it is its language's default.</param>
internal sealed record ContextSettings(string Id, InterpreterPlan Plan, string Directory, string? SessionId, bool IsDefault, long? TimeoutMs);

/// <summary>An interpreter with an id and a queue of runs. An interpreter that ended is replaced by the next run.</summary>
[SuppressMessage(
    "Design",
    "CA1001:Types that own disposable fields should be disposable",
    Justification = "Neither a token source without a timer nor a semaphore whose handle nobody asks for holds anything to dispose of.")]
internal sealed class CodeContext
{
    // How long code may take to react to each interrupt. After the last the interpreter is killed and its state is lost.
    private static readonly TimeSpan[] InterruptGraces = [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)];

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

    public string Id => _settings.Id;

    public DateTimeOffset CreatedAt => _createdAt;

    /// <summary>Creates a context whose interpreter is ready.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.LanguageNotAvailable"/>, <see cref="ErrorCodes.InterpreterFailed"/>.</exception>
    public static async Task<CodeContext> CreateAsync(ContextSettings settings) => new(settings, await settings.Plan.StartAsync());

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

    /// <summary>Checks that this interpreter supports what the request asks for.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.Unsupported"/>.</exception>
    public void Require(CodeRunRequest request)
    {
        if (!_settings.Plan.TakesVariables && (request.Env is { Count: > 0 } || request.SecretEnv is { Count: > 0 }))
        {
            throw new ApiException(
                ErrorCodes.Unsupported, $"'{_settings.Plan.Name}' does not support variables for a single run. Set them when the context is created.");
        }
    }

    /// <summary>Runs code when its turn comes, and reports all of it as events.</summary>
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
            RunOutcome outcome = await WaitForEndAsync(_interpreter.RunAsync(run), run, stop.Token);
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

    /// <summary>Ends the interpreter with everything it started. Runs in progress and in the queue are refused.</summary>
    public void Close()
    {
        _closing.Cancel();
        _interpreter.Kill();
    }

    private static ApiException Closed() => new(ErrorCodes.ContextClosed, "The context was deleted before the code had finished.");

    private async Task<RunOutcome> WaitForEndAsync(Task<RunOutcome> running, CodeRun run, CancellationToken cancellationToken)
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
            foreach (TimeSpan grace in InterruptGraces)
            {
                // The grace period starts with the delivery, unless that does not complete.
                await Task.WhenAny(running, _interpreter.InterruptAsync(), Task.Delay(grace, over.Token));
                if (await Task.WhenAny(running, Task.Delay(grace, over.Token)) == running)
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

using System.Management.Automation;
using System.Threading.Channels;

namespace Sandbox;

/// <summary>Runs work on other threads and its output actions on the pipeline's thread, in order. The queue is bounded (back-pressure).</summary>
/// <remarks>Only <see cref="PostAsync"/> may be called on other threads.</remarks>
internal sealed class PipelinePump : IOutputSink, IDisposable
{
    private const int QueueLength = 64;

    private readonly Channel<Action> _effects = Channel.CreateBounded<Action>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Queue<Func<CancellationToken, Task>> _waiting = new();
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly SandboxCommandBase _cmdlet;
    private readonly int _limit;
    private Task<bool>? _readable;

    /// <summary>Creates a pump without work.</summary>
    /// <param name="cmdlet">The cmdlet; its stop ends all work.</param>
    /// <param name="limit">The maximum number of operations at once.</param>
    public PipelinePump(SandboxCommandBase cmdlet, int limit = int.MaxValue)
    {
        (_cmdlet, _limit, _stop) = (cmdlet, limit, CancellationTokenSource.CreateLinkedTokenSource(cmdlet.StopToken));
        _stopped = _stop.Token;
    }

    /// <summary>Starts work, or queues it until the limit allows it.</summary>
    /// <param name="work">The work; it ends soon after its token is cancelled.</param>
    public void Start(Func<CancellationToken, Task> work)
    {
        _waiting.Enqueue(work);
        Fill();
    }

    /// <inheritdoc />
    public ValueTask PostAsync(Action effect) => _effects.Writer.WriteAsync(effect, _stopped);

    public void WriteObject(object value) => _cmdlet.WriteObject(value);

    public void WriteError(ErrorRecord error) => _cmdlet.WriteError(error);

    public void WriteFailure(ErrorRecord error) => _cmdlet.Report(error);

    public void WriteWarning(string text) => _cmdlet.WriteWarning(text);

    public void WriteInformation(InformationRecord record) => _cmdlet.WriteInformation(record);

    public void WriteProgress(ProgressRecord record) => _cmdlet.WriteProgress(record);

    /// <summary>Runs the queued actions without waiting.</summary>
    public void DrainReady() => Guard(() =>
    {
        while (_effects.Reader.TryRead(out Action? effect))
        {
            Run(effect);
        }
    });

    /// <summary>Runs queued actions until a task has completed.</summary>
    /// <param name="condition">The task; its result is ignored.</param>
    public void DrainUntil(Task condition) => Guard(() =>
    {
        while (!condition.IsCompleted)
        {
            if (_effects.Reader.TryRead(out Action? effect))
            {
                Run(effect);
                continue;
            }

            Task.WhenAny(condition, Readable()).GetAwaiter().GetResult();
            _stopped.ThrowIfCancellationRequested();
        }
    });

    /// <summary>Runs queued actions until all work has completed.</summary>
    public void DrainAll() => Guard(() =>
    {
        while (_running.Count > 0)
        {
            if (_effects.Reader.TryRead(out Action? effect))
            {
                Run(effect);
                continue;
            }

            Readable().GetAwaiter().GetResult();
        }

        _cmdlet.FlushMessages();
    });

    /// <summary>Ends all work and waits until it has ended.</summary>
    public void Dispose()
    {
        Stop();
        _stop.Dispose();
    }

    // One wait for all conditions: separate ones would remain in the queue.
    private Task<bool> Readable() => _readable is { IsCompleted: false } waiting ? waiting : _readable = _effects.Reader.WaitToReadAsync(_stopped).AsTask();

    private void Run(Action effect)
    {
        _cmdlet.FlushMessages();
        effect();
    }

    private void Fill()
    {
        while (_running.Count < _limit && _waiting.TryDequeue(out Func<CancellationToken, Task>? work))
        {
            // Start on this thread up to the first await, which saves a thread switch for the first request.
            Task task = work(_stopped);
            _running.Add(task);
            _ = AnnounceEndAsync(task);
        }
    }

    private async Task AnnounceEndAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await PostAsync(() => End(task));
        }
        catch (OperationCanceledException)
        {
            // Stopped: Stop itself waits for the work.
        }
    }

    private void End(Task task)
    {
        _running.Remove(task);
        task.GetAwaiter().GetResult();
        Fill();
    }

    private void Guard(Action drain)
    {
        try
        {
            drain();
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            Stop();
            throw new PipelineStoppedException();
        }
        catch
        {
            // Also runs when the consumer stops early, so that no work continues in the background.
            Stop();
            throw;
        }
    }

    private void Stop()
    {
        _waiting.Clear();
        _stop.Cancel();
        Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        _running.Clear();
    }
}

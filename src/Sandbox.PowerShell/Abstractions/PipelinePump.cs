using System.Management.Automation;
using System.Threading.Channels;

namespace Sandbox;

/// <summary>Work on other threads whose effects happen on the pipeline's thread, in order. Its queue is bounded: a slow consumer slows the work.</summary>
/// <remarks>All but <see cref="PostAsync"/> belongs to the pipeline's thread.</remarks>
internal sealed class PipelinePump : IDisposable
{
    private const int QueueLength = 64;

    private readonly Channel<Action> _effects = Channel.CreateBounded<Action>(new BoundedChannelOptions(QueueLength) { SingleReader = true });
    private readonly Queue<Func<CancellationToken, Task>> _waiting = new();
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly int _limit;
    private readonly Action _beforeEffect;
    private Task<bool>? _readable;

    /// <summary>Creates a pump without work.</summary>
    /// <param name="limit">How much work goes on at once.</param>
    /// <param name="beforeEffect">Runs before each effect, and when all is done.</param>
    /// <param name="stop">Ends all work.</param>
    public PipelinePump(int limit, Action beforeEffect, CancellationToken stop)
    {
        (_limit, _beforeEffect, _stop) = (limit, beforeEffect, CancellationTokenSource.CreateLinkedTokenSource(stop));
        _stopped = _stop.Token;
    }

    /// <summary>Begins work, or keeps it until there is room.</summary>
    /// <param name="work">The work; it ends soon after its token is cancelled.</param>
    public void Start(Func<CancellationToken, Task> work)
    {
        _waiting.Enqueue(work);
        Fill();
    }

    /// <summary>Hands an effect to the pipeline's thread; waits while the queue is full.</summary>
    /// <param name="effect">The effect.</param>
    public ValueTask PostAsync(Action effect) => _effects.Writer.WriteAsync(effect, _stopped);

    /// <summary>Lets happen what is ready, without waiting.</summary>
    public void DrainReady() => Guard(() =>
    {
        while (_effects.Reader.TryRead(out Action? effect))
        {
            Run(effect);
        }
    });

    /// <summary>Lets happen what is ready, until a task has ended.</summary>
    /// <param name="condition">The task. How it ended is not looked at.</param>
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

    /// <summary>Lets all happen, until all work has ended.</summary>
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

        _beforeEffect();
    });

    /// <summary>Ends all work and waits until it has ended.</summary>
    public void Dispose()
    {
        Stop();
        _stop.Dispose();
    }

    // One wait for many conditions: each of its own would stay behind in the queue.
    private Task<bool> Readable() => _readable is { IsCompleted: false } waiting ? waiting : _readable = _effects.Reader.WaitToReadAsync(_stopped).AsTask();

    private void Run(Action effect)
    {
        _beforeEffect();
        effect();
    }

    private void Fill()
    {
        while (_running.Count < _limit && _waiting.TryDequeue(out Func<CancellationToken, Task>? work))
        {
            // Work begins on this thread and leaves it where it first waits: one hop less for the first request.
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
            // Stopped: whoever stopped waits for the work itself.
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
            // Also a consumer that wants no more ends up here: nothing must go on behind its back.
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

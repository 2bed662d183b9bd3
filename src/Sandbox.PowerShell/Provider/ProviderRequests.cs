using System.Collections.Concurrent;
using System.Management.Automation;

namespace Sandbox;

/// <summary>Requests of a provider, which the pipeline's thread waits for until the user stops the command.</summary>
/// <param name="isStopping">Whether the user has stopped the command. Polled, because the engine stops only the provider object that it used last, which
/// need not be a reader's.</param>
/// <param name="writeWarning">Writes a warning. Called on the pipeline's thread.</param>
internal sealed class ProviderRequests(Func<bool> isStopping, Action<string> writeWarning) : IDisposable
{
    private const int LookMilliseconds = 100;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _warnings = new();

    /// <summary>Creates an exception that carries an error record. The engine keeps it, but loses the record of ThrowTerminatingError on the way through a
    /// cmdlet.</summary>
    public static RuntimeException Failure(ErrorRecord error) => new(error.Exception.Message, error.Exception, error);

    /// <summary>Cancels current and future requests.</summary>
    public void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Called on another thread, possibly after the end.
        }
    }

    /// <summary>Queues warnings until the current request has ended. Thread-safe.</summary>
    public void Warn(IEnumerable<string> warnings)
    {
        foreach (string warning in warnings)
        {
            _warnings.Enqueue(warning);
        }
    }

    /// <summary>Waits for a request; its failure ends the operation.</summary>
    public T Wait<T>(Func<CancellationToken, Task<T>> request)
    {
        T result = default!;
        return Try(null, async token => result = await request(token)) is { } error ? throw Failure(error) : result;
    }

    /// <summary>Waits for each item that a request brings; its failure ends the operation.</summary>
    public IEnumerable<T> Each<T>(Func<CancellationToken, IAsyncEnumerable<T>> request)
    {
        IAsyncEnumerator<T> items = request(_stop.Token).GetAsyncEnumerator(_stop.Token);
        try
        {
            while (Next(items))
            {
                yield return items.Current;
            }
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Waits for a request.</summary>
    /// <param name="path">The path of the drive that it is about, for the error.</param>
    /// <param name="request">Makes the request.</param>
    /// <returns>Its failure; null when there is none.</returns>
    public ErrorRecord? Try(string? path, Func<CancellationToken, Task> request)
    {
        try
        {
            Task task = request(_stop.Token);
            while (Task.WaitAny([task], LookMilliseconds) < 0)
            {
                if (isStopping())
                {
                    _stop.Cancel();
                }
            }

            task.GetAwaiter().GetResult();
            return null;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception e) when (Errors.IsExpected(e))
        {
            return Errors.From(e, path);
        }
        finally
        {
            while (_warnings.TryDequeue(out string? warning))
            {
                writeWarning(warning);
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _stop.Dispose();

    private bool Next<T>(IAsyncEnumerator<T> items)
    {
        if (isStopping())
        {
            throw new PipelineStoppedException();
        }

        // Most are there already: of thousands, few have to be waited for.
        ValueTask<bool> next = items.MoveNextAsync();
        return next.IsCompletedSuccessfully ? next.Result : Wait(_ => next.AsTask());
    }
}

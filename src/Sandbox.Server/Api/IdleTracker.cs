using System.Diagnostics;

namespace Sandbox.Server.Api;

/// <summary>Tracks how long the server has been idle: without a request or a hold.</summary>
internal sealed class IdleTracker
{
    private long _lastEnd = Stopwatch.GetTimestamp();
    private int _open;

    /// <summary>Counts a request until <see cref="End"/>.</summary>
    public void Begin() => Interlocked.Increment(ref _open);

    public void End()
    {
        Interlocked.Exchange(ref _lastEnd, Stopwatch.GetTimestamp());
        Interlocked.Decrement(ref _open);
    }

    /// <summary>Counts as a request until the result is disposed.</summary>
    public IDisposable Hold()
    {
        Begin();
        return new Holder(this);
    }

    /// <summary>Waits until the server has been idle for a time.</summary>
    public async Task WaitUntilIdleAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan left = Volatile.Read(ref _open) > 0 ? limit : limit - Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastEnd));
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.Delay(left, cancellationToken);
        }
    }

    private sealed class Holder(IdleTracker tracker) : IDisposable
    {
        private IdleTracker? _tracker = tracker;

        public void Dispose() => Interlocked.Exchange(ref _tracker, null)?.End();
    }
}

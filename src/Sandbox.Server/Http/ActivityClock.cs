using System.Diagnostics;

namespace Sandbox.Server.Http;

/// <summary>How long nobody has called.</summary>
internal sealed class ActivityClock
{
    private long lastEnd = Stopwatch.GetTimestamp();
    private int open;

    /// <summary>A request begins.</summary>
    public void Begin() => Interlocked.Increment(ref open);

    /// <summary>A request has ended.</summary>
    public void End()
    {
        Interlocked.Exchange(ref lastEnd, Stopwatch.GetTimestamp());
        Interlocked.Decrement(ref open);
    }

    /// <summary>Counts as a call until it is disposed.</summary>
    public IDisposable Hold()
    {
        Begin();
        return new Held(this);
    }

    /// <summary>Waits until nobody has called for so long.</summary>
    /// <param name="limit">How long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WaitForSilenceAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan left = Volatile.Read(ref open) > 0 ? limit : limit - Stopwatch.GetElapsedTime(Interlocked.Read(ref lastEnd));
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.Delay(left, cancellationToken);
        }
    }

    private sealed class Held(ActivityClock clock) : IDisposable
    {
        private ActivityClock? clock = clock;

        public void Dispose() => Interlocked.Exchange(ref clock, null)?.End();
    }
}

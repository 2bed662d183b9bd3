using System.Diagnostics;

namespace Sandbox.Server.Api;

/// <summary>How long nobody has called.</summary>
internal sealed class IdleTracker
{
    private long _lastEnd = Stopwatch.GetTimestamp();
    private int _open;

    /// <summary>A request begins.</summary>
    public void Begin() => Interlocked.Increment(ref _open);

    /// <summary>A request has ended.</summary>
    public void End()
    {
        Interlocked.Exchange(ref _lastEnd, Stopwatch.GetTimestamp());
        Interlocked.Decrement(ref _open);
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
            TimeSpan left = Volatile.Read(ref _open) > 0 ? limit : limit - Stopwatch.GetElapsedTime(Interlocked.Read(ref _lastEnd));
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.Delay(left, cancellationToken);
        }
    }

    private sealed class Held(IdleTracker clock) : IDisposable
    {
        private IdleTracker? _clock = clock;

        public void Dispose() => Interlocked.Exchange(ref _clock, null)?.End();
    }
}

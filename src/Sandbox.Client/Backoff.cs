using System.Diagnostics;

namespace Sandbox.Client;

/// <summary>How long, and with what pauses, something is tried again that failed for want of a connection.</summary>
/// <param name="limit">For how long; zero for not at all.</param>
internal sealed class Backoff(TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _begin = Stopwatch.GetTimestamp();
    private TimeSpan _pause;

    /// <summary>Whether a failure may pass by itself.</summary>
    /// <param name="failure">The failure.</param>
    public static bool IsTransient(Exception failure) =>
        failure is ConnectionLostException or ServerUnreachableException or Protocol.ApiException { Code: Protocol.ErrorCodes.SandboxUnavailable };

    /// <summary>All is well: the next failure is a first one.</summary>
    public void Restart() => (_begin, _pause) = (Stopwatch.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Waits before the next attempt, longer each time and before the first not at all.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when it was tried long enough.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (Stopwatch.GetElapsedTime(_begin) + _pause >= limit)
        {
            return false;
        }

        await Task.Delay(_pause, cancellationToken);
        _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 > LongestPause ? LongestPause : _pause * 2;
        return true;
    }
}

using System.Diagnostics;

namespace Sandbox.Client;

/// <summary>Exponential back-off between retries of failed connections, up to a time limit.</summary>
/// <param name="limit">The time limit, counted from the last success; zero for no retries.</param>
internal sealed class Backoff(TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long _begin = Stopwatch.GetTimestamp();
    private TimeSpan _pause;

    /// <summary>Whether a retry can succeed: the connection failed, or the sandbox is temporarily unavailable.</summary>
    /// <param name="failure">The failure.</param>
    public static bool IsTransient(Exception failure) =>
        failure is ConnectionLostException or ServerUnreachableException or Protocol.ApiException { Code: Protocol.ErrorCodes.SandboxUnavailable };

    /// <summary>Resets the time limit and the delay after a success.</summary>
    public void Restart() => (_begin, _pause) = (Stopwatch.GetTimestamp(), TimeSpan.Zero);

    /// <summary>Waits before the next attempt. The first attempt is not delayed; each later delay is longer.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the time limit is over.</returns>
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

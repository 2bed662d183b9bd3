using System.Diagnostics;

namespace Sandbox.Client;

/// <summary>Exponential back-off between retries of failed requests, up to a time limit.</summary>
/// <param name="limit">The time limit, counted from the first failure after a success; zero for no retries.</param>
internal sealed class Backoff(TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private long? _failedAt;
    private TimeSpan _pause;

    /// <summary>Whether the connection failed.</summary>
    public static bool IsConnectionFailure(Exception failure) => failure is ConnectionLostException or ServerUnreachableException;

    /// <summary>Whether a retry can succeed: the connection failed, or the sandbox is temporarily unavailable.</summary>
    public static bool IsTransient(Exception failure) =>
        IsConnectionFailure(failure) || failure is Protocol.ApiException { Code: Protocol.ErrorCodes.SandboxUnavailable };

    /// <summary>Resets the time limit and the delay after a success.</summary>
    public void Restart() => (_failedAt, _pause) = (null, TimeSpan.Zero);

    /// <summary>Waits after a failure. The first retry is not delayed; each later delay is longer.</summary>
    /// <returns>False when the time limit is over.</returns>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken)
    {
        _failedAt ??= Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_failedAt.Value) + _pause >= limit)
        {
            return false;
        }

        await Task.Delay(_pause, cancellationToken);
        _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 > LongestPause ? LongestPause : _pause * 2;
        return true;
    }
}

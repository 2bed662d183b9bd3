namespace Sandbox.Client;

/// <summary>Exponential back-off between attempts to resume a broken transfer, up to a number of failures without progress.</summary>
internal sealed class TransferBackoff
{
    private const int Limit = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private int _failures;

    /// <summary>Whether another attempt is allowed after this exception.</summary>
    /// <param name="failure">The failure.</param>
    public bool Allows(Exception failure) => failure is ConnectionLostException or ServerUnreachableException && _failures < Limit;

    /// <summary>Resets the number of failures after progress.</summary>
    public void Succeeded() => _failures = 0;

    /// <summary>Waits before the next attempt, each time longer.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(FirstPause * (1 << _failures++), cancellationToken);
}

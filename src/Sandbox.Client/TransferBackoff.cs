namespace Sandbox.Client;

/// <summary>How often, and after which pauses, a broken transfer is taken up again. Progress begins the count anew.</summary>
internal sealed class TransferBackoff
{
    private const int Limit = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private int _failures;

    /// <summary>Whether it is worth another try after this failure.</summary>
    /// <param name="failure">The failure.</param>
    public bool Allows(Exception failure) => failure is ConnectionLostException or ServerUnreachableException && _failures < Limit;

    /// <summary>Something arrived.</summary>
    public void Succeeded() => _failures = 0;

    /// <summary>Waits before the next try, each time longer.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(FirstPause * (1 << _failures++), cancellationToken);
}

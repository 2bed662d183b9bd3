namespace Sandbox;

/// <summary>Waiting on the pipeline's thread, which ends when the user stops the command.</summary>
internal interface IProviderContext
{
    /// <summary>Waits for a request; its failure ends the operation.</summary>
    /// <param name="request">Makes the request.</param>
    T Wait<T>(Func<CancellationToken, Task<T>> request);

    /// <summary>Waits for the request that a command ends with, and reports its failure.</summary>
    /// <param name="path">The path of the drive.</param>
    /// <param name="request">Makes the request.</param>
    void Finish(string path, Func<CancellationToken, Task> request);
}

namespace Sandbox;

/// <summary>Waiting on the pipeline's thread, which ends when the user stops the command.</summary>
internal interface IProviderWait
{
    /// <summary>Waits for a request; its failure ends the operation.</summary>
    /// <param name="request">Makes the request.</param>
    T Wait<T>(Func<CancellationToken, Task<T>> request);
}

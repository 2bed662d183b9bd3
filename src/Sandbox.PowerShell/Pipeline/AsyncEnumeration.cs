namespace Sandbox;

/// <summary>What comes over time, for the pipeline's thread.</summary>
internal static class AsyncEnumeration
{
    /// <summary>Waits for each item in turn. What ends the loop early ends the source too.</summary>
    /// <param name="cmdlet">The cmdlet, whose stop ends the source.</param>
    /// <param name="source">The source.</param>
    public static IEnumerable<T> Enumerate<T>(this SandboxCommandBase cmdlet, Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        IAsyncEnumerator<T> items = source(cmdlet.StopToken).GetAsyncEnumerator(cmdlet.StopToken);
        try
        {
            while (cmdlet.Wait(_ => items.MoveNextAsync().AsTask()))
            {
                yield return items.Current;
            }
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }
}

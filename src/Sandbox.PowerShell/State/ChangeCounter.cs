using Sandbox.Client;

namespace Sandbox;

/// <summary>Counts the requests of a runspace that may change something in a sandbox. Thread-safe.</summary>
internal sealed class ChangeCounter
{
    private long _count;

    /// <summary>The number of such requests so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Counts a request, unless it only reads.</summary>
    public void Note(RequestTrace trace)
    {
        if (trace.Method is not ("GET" or "HEAD"))
        {
            Interlocked.Increment(ref _count);
        }
    }
}

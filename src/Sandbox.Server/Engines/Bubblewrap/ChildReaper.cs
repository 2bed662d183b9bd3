using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Collects children when they end, so that none stays a zombie.</summary>
internal sealed class ChildReaper : IDisposable
{
    private readonly EventLoop loop = new(failure => ServerLog.Write("A process could not be collected", failure));

    /// <summary>Takes over a child.</summary>
    /// <param name="child">The child; it is disposed when it has ended.</param>
    public void Add(ChildProcess child)
    {
        EventLoop.Watch? watch = null;
        watch = loop.Add(child.Handle, () =>
        {
            // The first call may come before Add has returned; it is repeated as long as there is something to collect.
            if (watch is not null && child.TryWait() is not null)
            {
                watch.Dispose();
                child.Dispose();
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose() => loop.Dispose();
}

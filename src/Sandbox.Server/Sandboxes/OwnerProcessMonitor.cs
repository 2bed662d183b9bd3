using Sandbox.Linux;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>Waits for the end of processes that temporary sandboxes go with. As long as it waits, the server does not leave by itself.</summary>
/// <param name="keepServer">Keeps the server until it is disposed.</param>
internal sealed class OwnerProcessMonitor(Func<IDisposable> keepServer) : IDisposable
{
    private readonly EventLoop loop = new(failure => ServerLog.Write("The end of a process was not noticed", failure));

    /// <summary>Waits for a process.</summary>
    /// <param name="owner">The process.</param>
    /// <param name="ended">What is done when it has ended, which may be at once.</param>
    /// <returns>Ends the waiting.</returns>
    public IDisposable Add(ProcessIdentity owner, Func<Task> ended)
    {
        Waiting waiting = new(keepServer(), owner.Find() is { } entry ? ProcessTable.Open(entry) : null);
        if (waiting.Handle is { } handle)
        {
            waiting.Watch = loop.Add(handle, () => EndSoon(waiting, ended));
        }
        else
        {
            EndSoon(waiting, ended);
        }

        return waiting;
    }

    /// <inheritdoc/>
    public void Dispose() => loop.Dispose();

    private static void EndSoon(Waiting waiting, Func<Task> ended)
    {
        if (waiting.TryEnd())
        {
            _ = Task.Run(async () =>
            {
                try
                {
                    await ended();
                }
                catch (Exception failure)
                {
                    ServerLog.Write("A temporary sandbox could not be removed", failure);
                }
                finally
                {
                    waiting.Dispose();
                }
            });
        }
    }

    private sealed class Waiting(IDisposable hold, FileDescriptor? handle) : IDisposable
    {
        private int hasEnded;
        private int isDisposed;

        public FileDescriptor? Handle => handle;

        public EventLoop.Watch? Watch { get; set; }

        /// <summary>Whether this is the first word of the process's end, and it can be told: the handle stays readable, also before <see cref="Watch"/> is set.</summary>
        public bool TryEnd()
        {
            if ((handle is not null && Watch is null) || Interlocked.Exchange(ref hasEnded, 1) != 0)
            {
                return false;
            }

            Watch?.Dispose();
            return true;
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref isDisposed, 1) == 0)
            {
                Watch?.Dispose();
                handle?.Dispose();
                hold.Dispose();
            }
        }
    }
}

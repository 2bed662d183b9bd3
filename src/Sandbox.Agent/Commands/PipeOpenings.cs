using System.Text;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>Tells when a shell has opened a named pipe: until then, what was written to it is kept by our own end of it alone.</summary>
/// <param name="loop">On whose thread that is told.</param>
internal sealed class PipeOpenings(EventLoop loop) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<int, Action> waiting = [];
    private DirectoryWatch? watch;
    private EventLoop.Watch? events;

    /// <summary>Waits for a pipe to be opened, once.</summary>
    /// <param name="path">The pipe. It is opened from now on.</param>
    /// <param name="opened">Told of it.</param>
    public void Add(string path, Action opened)
    {
        lock (gate)
        {
            if (watch is null)
            {
                watch = new DirectoryWatch();
                events = loop.Add(watch.Descriptor, Tell);
            }

            waiting.Add(watch.AddOpening(new LinuxPath(Encoding.UTF8.GetBytes(path))), opened);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        events?.Dispose();
        watch?.Dispose();
    }

    private void Tell()
    {
        List<Action> due = [];
        lock (gate)
        {
            // One that goes unopened is told to be ignored.
            watch!.Read((number, what, _, _) =>
            {
                if (waiting.Remove(number, out Action? opened) && what.HasFlag(WatchEvent.Opened))
                {
                    due.Add(opened);
                }
            });
        }

        due.ForEach(opened => opened());
    }
}

using System.Text;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>Tells when a shell has opened a named pipe: until then, what was written to it is kept by our own end of it alone.</summary>
/// <param name="loop">On whose thread that is told.</param>
internal sealed class FifoOpenWatcher(EventLoop loop) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Action> _waiting = [];
    private DirectoryWatch? _watch;
    private EventLoop.Watch? _events;

    /// <summary>Waits for a pipe to be opened, once.</summary>
    /// <param name="path">The pipe. It is opened from now on.</param>
    /// <param name="opened">Told of it.</param>
    public void Add(string path, Action opened)
    {
        lock (_gate)
        {
            if (_watch is null)
            {
                _watch = new DirectoryWatch();
                _events = loop.Add(_watch.Descriptor, Tell);
            }

            _waiting.Add(_watch.AddOpening(new LinuxPath(Encoding.UTF8.GetBytes(path))), opened);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _events?.Dispose();
        _watch?.Dispose();
    }

    private void Tell()
    {
        List<Action> due = [];
        lock (_gate)
        {
            // One that goes unopened is told to be ignored.
            _watch!.Read((number, what, _, _) =>
            {
                if (_waiting.Remove(number, out Action? opened) && what.HasFlag(WatchEvent.Opened))
                {
                    due.Add(opened);
                }
            });
        }

        due.ForEach(opened => opened());
    }
}

using System.Text;
using Sandbox.Linux;

namespace Sandbox.Agent.Commands;

/// <summary>Reports when a shell has opened a FIFO. Until then, only our own end keeps what was written to it.</summary>
internal sealed class FifoOpenWatcher(EventLoop loop) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Action> _waiting = [];
    private Inotify? _watch;
    private EventLoop.Watch? _events;

    /// <summary>Watches a FIFO until it is opened for the first time.</summary>
    public void Add(string path, Action opened)
    {
        lock (_gate)
        {
            if (_watch is null)
            {
                _watch = new Inotify();
                _events = loop.Add(_watch.Descriptor, Tell);
            }

            _waiting.Add(_watch.AddOpening(new LinuxPath(Encoding.UTF8.GetBytes(path))), opened);
        }
    }

    /// <inheritdoc />
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
            // A FIFO that is deleted unopened yields an event, too.
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

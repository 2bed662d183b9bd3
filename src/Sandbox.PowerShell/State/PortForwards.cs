using System.Collections.Concurrent;
using Sandbox.Client;

namespace Sandbox;

/// <summary>The open port forwards of a runspace, by local port. Thread-safe.</summary>
internal sealed class PortForwards
{
    private readonly ConcurrentDictionary<int, PortForward> _open = new();

    // By local port, of which there are not so many.
    private readonly ConcurrentDictionary<int, string> _endReasons = new();

    /// <summary>All forwards, ordered by local port.</summary>
    public IEnumerable<PortForward> All => _open.Values.OrderBy(forward => forward.LocalPort);

    /// <summary>Returns the forward of a local port; null for none.</summary>
    public PortForward? Find(int localPort) => _open.GetValueOrDefault(localPort);

    /// <summary>Returns why the last forward of a local port ended; null when it did not end by itself.</summary>
    public string? EndReason(int localPort) => _endReasons.GetValueOrDefault(localPort);

    /// <summary>Opens a forward and keeps it until it ends.</summary>
    public void Add(PortForward forward)
    {
        _open[forward.LocalPort] = forward;
        _endReasons.TryRemove(forward.LocalPort, out _);
        forward.Ended += Remove;
        forward.Open();
    }

    /// <summary>Closes all forwards and their connections.</summary>
    public void Close()
    {
        foreach (PortForward forward in _open.Values)
        {
            forward.Dispose();
        }
    }

    private void Remove(PortForward ended)
    {
        if (ended.EndReason is { } reason)
        {
            _endReasons[ended.LocalPort] = reason;
        }

        _open.TryRemove(KeyValuePair.Create(ended.LocalPort, ended));
    }
}

using System.Collections.Concurrent;
using Sandbox.Client;

namespace Sandbox;

/// <summary>The forwarded ports of this process, by local port. They end with it.</summary>
internal static class PortForwards
{
    private static readonly ConcurrentDictionary<int, PortForward> Open = new();

    /// <summary>All, by local port.</summary>
    public static IEnumerable<PortForward> All => Open.Values.OrderBy(forward => forward.LocalPort);

    /// <summary>The one of a local port; null for none.</summary>
    /// <param name="localPort">The port.</param>
    public static PortForward? Find(int localPort) => Open.GetValueOrDefault(localPort);

    /// <summary>Keeps a new one until it has ended, and opens it.</summary>
    /// <param name="forward">The new one.</param>
    public static void Add(PortForward forward)
    {
        Open[forward.LocalPort] = forward;
        forward.Ended += ended => Open.TryRemove(KeyValuePair.Create(ended.LocalPort, ended));
        forward.Open();
    }
}

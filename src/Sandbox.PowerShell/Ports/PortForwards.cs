using System.Collections.Concurrent;
using Sandbox.Client;

namespace Sandbox;

/// <summary>The forwarded ports of this process, by local port. They end with it.</summary>
internal static class PortForwards
{
    private static readonly ConcurrentDictionary<int, PortForward> Open = new();

    // By local port, of which there are not so many.
    private static readonly ConcurrentDictionary<int, string> EndReasons = new();

    /// <summary>All, by local port.</summary>
    public static IEnumerable<PortForward> All => Open.Values.OrderBy(forward => forward.LocalPort);

    /// <summary>The one of a local port; null for none.</summary>
    /// <param name="localPort">The port.</param>
    public static PortForward? Find(int localPort) => Open.GetValueOrDefault(localPort);

    /// <summary>Why the last one of a local port has ended by itself; null when it has not.</summary>
    /// <param name="localPort">The port.</param>
    public static string? EndReason(int localPort) => EndReasons.GetValueOrDefault(localPort);

    /// <summary>Keeps a new one until it has ended, and opens it.</summary>
    /// <param name="forward">The new one.</param>
    public static void Add(PortForward forward)
    {
        Open[forward.LocalPort] = forward;
        EndReasons.TryRemove(forward.LocalPort, out _);
        forward.Ended += Remove;
        forward.Open();
    }

    private static void Remove(PortForward ended)
    {
        if (ended.EndReason is { } reason)
        {
            EndReasons[ended.LocalPort] = reason;
        }

        Open.TryRemove(KeyValuePair.Create(ended.LocalPort, ended));
    }
}

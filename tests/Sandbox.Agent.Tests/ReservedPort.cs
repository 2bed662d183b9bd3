using System.Net;
using System.Net.Sockets;

namespace Sandbox.Agent.Tests;

/// <summary>A port of this host that nobody listens on, and nobody else can, until this is disposed.</summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };

    /// <summary>Takes the port, without listening on it.</summary>
    public ReservedPort() => socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));

    /// <summary>Its number.</summary>
    public int Number => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}

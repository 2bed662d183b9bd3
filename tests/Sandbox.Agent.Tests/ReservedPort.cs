using System.Net;
using System.Net.Sockets;

namespace Sandbox.Agent.Tests;

/// <summary>Port of this host that is bound but not listened on until this is disposed.</summary>
internal sealed class ReservedPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };

    /// <summary>Binds a free port without listening on it.</summary>
    public ReservedPort() => _socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));

    public int Number => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public void Dispose() => _socket.Dispose();
}

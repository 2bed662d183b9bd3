using System.Net.Sockets;

namespace Sandbox.Tests;

/// <summary>Direct access to the API of the local server, without the module.</summary>
internal static class ServerSocket
{
    /// <summary>Creates an HTTP handler that connects to the server.</summary>
    /// <param name="server">The address of the server in the form that objects carry.</param>
    public static SocketsHttpHandler CreateHandler(string server) => new()
    {
        ConnectCallback = async (_, cancellation) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(server["unix:".Length..]), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    };
}

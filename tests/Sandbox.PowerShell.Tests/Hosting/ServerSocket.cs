using System.Net.Sockets;

namespace Sandbox.Tests;

/// <summary>The local server's own API, without the module.</summary>
internal static class ServerSocket
{
    /// <summary>What sends requests to it.</summary>
    /// <param name="server">Its address, as objects carry it.</param>
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

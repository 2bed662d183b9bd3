using System.Net.Sockets;

namespace Sandbox.Protocol;

/// <summary>Stream sockets that are named by a path.</summary>
public static class UnixSocket
{
    private const int Backlog = 512;

    /// <summary>Listens at a path and replaces an old socket there. Disposing the socket leaves the path in place.</summary>
    public static Socket Listen(string path)
    {
        // .NET removes the path that a disposed socket was bound to, so it is bound to another one.
        string temporary = path + ".new";
        File.Delete(temporary);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(temporary));
        socket.Listen(Backlog);
        File.Move(temporary, path, overwrite: true);
        return socket;
    }

    /// <summary>Connects to a path.</summary>
    public static async Task<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to a path, or returns null when nothing listens there.</summary>
    public static async Task<Stream?> TryConnectAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await ConnectAsync(path, cancellationToken);
        }
        // .NET reports AddressNotAvailable for a path that does not exist.
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.ConnectionRefused)
        {
            return null;
        }
    }
}

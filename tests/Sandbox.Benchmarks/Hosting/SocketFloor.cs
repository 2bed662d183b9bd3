using System.Net.Sockets;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Baseline of transfers: copies one file to another through a socket, without a protocol or another process.</summary>
internal static class SocketFloor
{
    private const int Piece = 256 * 1024;

    public static async Task CopyAsync(string from, string to)
    {
        string path = $"{to}.sock";
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        Task sending = Task.Run(async () =>
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            await using FileStream source = new(from, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            await using NetworkStream stream = new(socket);
            await source.CopyToAsync(stream, Piece);
        });
        using (Socket socket = await listener.AcceptAsync())
        {
            await using NetworkStream stream = new(socket);
            await using FileStream target = new(to, FileMode.Create, FileAccess.Write, FileShare.None, 1);
            await stream.CopyToAsync(target, Piece);
        }

        await sending;
        File.Delete(path);
    }
}

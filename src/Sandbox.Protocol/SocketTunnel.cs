using System.Buffers;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Sandbox.Protocol;

/// <summary>A TCP connection in a WebSocket, as in <c>GET …/tcp/{port}</c>; both ends run this. Binary messages carry the bytes, split anywhere; an empty
/// message ends one direction, and the other continues. A connection that breaks on one side is broken on the other.</summary>
public static class SocketTunnel
{
    private const int BufferSize = 32 * 1024;

    /// <summary>Copies both directions to their ends, each at the pace of its receiver.</summary>
    /// <param name="tunnel">The WebSocket; not disposed.</param>
    /// <param name="connection">The connection; not disposed.</param>
    /// <param name="cancellationToken">Breaks both.</param>
    /// <returns>Whether both directions ended regularly; otherwise both are broken.</returns>
    public static async Task<bool> RunAsync(WebSocket tunnel, Socket connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tunnel);
        ArgumentNullException.ThrowIfNull(connection);
        using CancellationTokenSource broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool[] ended = await Task.WhenAll(
            GuardAsync(token => SendAsync(tunnel, connection, token), broken),
            GuardAsync(token => ReceiveAsync(tunnel, connection, token), broken));
        if (ended is [true, true] && await GuardAsync(token => tunnel.CloseAsync(WebSocketCloseStatus.NormalClosure, null, token), broken))
        {
            return true;
        }

        tunnel.Abort();

        // A reset, so that the program at the other end does not see a regular end.
        connection.LingerState = new LingerOption(true, 0);
        return false;
    }

    private static async Task SendAsync(WebSocket tunnel, Socket connection, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int count;
            do
            {
                count = await connection.ReceiveAsync(buffer, cancellationToken);
                await tunnel.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
            }
            while (count > 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static async Task ReceiveAsync(WebSocket tunnel, Socket connection, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            bool isWithin = false;
            while (true)
            {
                ValueWebSocketReceiveResult received = await tunnel.ReceiveAsync(buffer.AsMemory(), cancellationToken);
                if (received.MessageType != WebSocketMessageType.Binary)
                {
                    throw new IOException("The tunnel was closed before the stream's end.");
                }

                if (received is { Count: 0, EndOfMessage: true } && !isWithin)
                {
                    connection.Shutdown(SocketShutdown.Send);
                    return;
                }

                isWithin = !received.EndOfMessage;
                for (int sent = 0; sent < received.Count;)
                {
                    sent += await connection.SendAsync(buffer.AsMemory(sent, received.Count - sent), cancellationToken);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Returns false when it broke, and breaks the other direction, too.</summary>
    private static async Task<bool> GuardAsync(Func<CancellationToken, Task> work, CancellationTokenSource broken)
    {
        try
        {
            await work(broken.Token);
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException or WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            await broken.CancelAsync();
            return false;
        }
    }
}

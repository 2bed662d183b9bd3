using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A terminal that is looked at. Letting go of it does not end what runs in it.</summary>
public sealed class TerminalConnection : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly string _server;
    private readonly WebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1, 1);

    internal TerminalConnection(string server, WebSocket socket) => (_server, _socket) = (server, socket);

    /// <summary>The terminal's id, to find the same one again; null until it was told.</summary>
    public string? Terminal { get; private set; }

    /// <summary>How many bytes the terminal had printed before the next one that will be read.</summary>
    public long Position { get; private set; }

    /// <summary>Takes what is printed, to the shell's end.</summary>
    /// <param name="onOutput">Takes each piece; the reading waits for it, and in time the shell too.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>How the shell ended.</returns>
    /// <exception cref="ConnectionLostException">The connection broke off; the terminal goes on.</exception>
    /// <exception cref="ApiException">There is no terminal.</exception>
    public async Task<TerminalMessage> FollowAsync(Func<ReadOnlyMemory<byte>, ValueTask> onOutput, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onOutput);
        byte[] buffer = new byte[BufferSize];
        TerminalMessage? error = null;
        while (true)
        {
            ValueWebSocketReceiveResult received = await GuardAsync(() => _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).AsTask(), cancellationToken);
            switch (received.MessageType)
            {
                case WebSocketMessageType.Close:
                    throw error is not null && Terminal is null
                        ? new ApiException(ErrorCodes.InvalidRequest, error.Message ?? "There is no terminal.")
                        : new ConnectionLostException(_server);
                case WebSocketMessageType.Binary:
                    await onOutput(buffer.AsMemory(0, received.Count));
                    Position += received.Count;
                    break;
                case WebSocketMessageType.Text when Read(buffer.AsSpan(0, received.Count)) is { } message:
                    Position = message.Offset ?? Position;
                    Terminal = message.Terminal ?? Terminal;
                    error = message.Type == TerminalMessages.Error ? message : error;
                    if (message.Type == TerminalMessages.Exit)
                    {
                        return message;
                    }

                    break;
            }
        }
    }

    /// <summary>Types.</summary>
    /// <param name="bytes">What.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ConnectionLostException">The connection broke off.</exception>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => SendAsync(bytes, WebSocketMessageType.Binary, cancellationToken);

    /// <summary>Says that the window has another size.</summary>
    /// <param name="size">Its size.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ConnectionLostException">The connection broke off.</exception>
    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken)
    {
        TerminalMessage message = new() { Type = TerminalMessages.Resize, Cols = size.Columns, Rows = size.Rows };
        return SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.TerminalMessage), WebSocketMessageType.Text, cancellationToken);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _socket.Dispose();
        _sending.Dispose();
    }

    private static TerminalMessage? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ProtocolJson.Default.TerminalMessage);
        }
        catch (JsonException)
        {
            // Of a kind this release does not know.
            return null;
        }
    }

    // One at a time: keys and sizes come from two sides.
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await GuardAsync(async () =>
            {
                await _socket.SendAsync(bytes, type, endOfMessage: true, cancellationToken);
                return true;
            }, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> exchange, CancellationToken cancellationToken)
    {
        try
        {
            return await exchange();
        }
        catch (Exception e) when (e is WebSocketException or IOException or ObjectDisposedException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ConnectionLostException(_server, e);
        }
    }
}

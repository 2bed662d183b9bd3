using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A connection to a terminal. Disposing detaches; the shell keeps running.</summary>
public sealed class TerminalConnection : IDisposable
{
    private const int BufferSize = 64 * 1024;

    private readonly string _server;
    private readonly WebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1, 1);

    internal TerminalConnection(string server, WebSocket socket) => (_server, _socket) = (server, socket);

    /// <summary>The id for re-attaching; null until the server has sent it.</summary>
    public string? Terminal { get; private set; }

    /// <summary>The output offset of the next byte to read.</summary>
    public long Position { get; private set; }

    /// <summary>Reads the output until the shell exits.</summary>
    /// <param name="onOutput">Called with each chunk; reading waits for it (back-pressure).</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>The exit message of the shell.</returns>
    /// <exception cref="ConnectionLostException">The connection broke; the terminal keeps running.</exception>
    /// <exception cref="ApiException">There is no terminal.</exception>
    public async Task<TerminalMessage> FollowAsync(Func<ReadOnlyMemory<byte>, ValueTask> onOutput, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(onOutput);
        byte[] buffer = new byte[BufferSize];
        TerminalMessage? error = null;
        while (true)
        {
            ValueWebSocketReceiveResult received = await GuardAsync(
                () => _socket.ReceiveAsync(buffer.AsMemory(), cancellationToken).AsTask(), cancellationToken);
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

    /// <summary>Sends input to the terminal.</summary>
    /// <param name="bytes">The input.</param>
    /// <exception cref="ConnectionLostException">The connection broke.</exception>
    public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => SendAsync(bytes, WebSocketMessageType.Binary, cancellationToken);

    /// <summary>Sends the new size of the window.</summary>
    /// <param name="size">Its size.</param>
    /// <exception cref="ConnectionLostException">The connection broke.</exception>
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
            // A message type unknown to this version.
            return null;
        }
    }

    // Serializes sends: input and resize messages come from different threads.
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

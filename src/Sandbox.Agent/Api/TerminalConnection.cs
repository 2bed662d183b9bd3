using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>A client's WebSocket connection to a terminal. It sends output and receives input until the shell ends or the client disconnects.</summary>
internal sealed class TerminalConnection : IDisposable
{
    private const int OutputSize = 64 * 1024;
    private const int InputSize = 16 * 1024;

    // How long a client may take to answer the close frame.
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly WebSocket _socket;
    private readonly Terminal _terminal;
    private readonly TerminalClient _client;
    private readonly SemaphoreSlim _sending = new(1, 1);

    private TerminalConnection(WebSocket socket, Terminal terminal, TerminalClient client)
    {
        _socket = socket;
        _terminal = terminal;
        _client = client;
    }

    /// <summary>Serves a client until its connection ends.</summary>
    /// <param name="offset">The first byte to send; null for all that is kept.</param>
    /// <param name="mayControl">Whether the client may type.</param>
    public static async Task RunAsync(
        WebSocket socket, Terminal terminal, TerminalSize? size, long? offset, bool mayControl, CancellationToken cancellationToken)
    {
        long shown = terminal.Output.End;
        TerminalClient client = terminal.Attach(size, offset, mayControl);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using TerminalConnection connection = new(socket, terminal, client);
        Task receiving = connection.ReceiveAsync(stop.Token);
        Task output = connection.SendOutputAsync(shown, stop.Token);
        try
        {
            if (await Task.WhenAny(receiving, output) == output)
            {
                await output;
                await connection.SendAsync(ExitOf(terminal), stop.Token);
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stop.Token);
                stop.CancelAfter(CloseLimit);
            }

            await receiving;
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The connection broke; the terminal keeps running.
        }
        finally
        {
            terminal.Detach(client);
            await stop.CancelAsync();
            await Task.WhenAll(receiving, output).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _sending.Dispose();

    private static TerminalMessage ExitOf(Terminal terminal)
    {
        ExitStatus status = terminal.Exit ?? default;
        return new TerminalMessage { Type = TerminalMessages.Exit, Code = status.ExitCode, Signal = status.Signal?.ToString() };
    }

    /// <summary>Sends earlier output, a ready message, and then new output until the shell ends.</summary>
    private async Task SendOutputAsync(long shown, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(OutputSize);
        try
        {
            bool isReady = false;
            do
            {
                if (!isReady && _client.Position >= shown)
                {
                    isReady = true;
                    await SendAsync(
                        new TerminalMessage { Type = TerminalMessages.Ready, Terminal = _terminal.Id, Offset = _client.Position }, cancellationToken);
                }

                int wanted = isReady ? OutputSize : (int)Math.Min(OutputSize, shown - _client.Position);
                long position = _client.Position;
                int count = _terminal.Output.Read(ref position, buffer.AsSpan(0, wanted));
                if (position != _client.Position)
                {
                    await SendAsync(new TerminalMessage { Type = TerminalMessages.Gap, Offset = position }, cancellationToken);
                }

                if (count > 0)
                {
                    await SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, cancellationToken);
                }

                _client.Position = position + count;
                _terminal.ResumeReading();
            }
            while (!isReady || await _terminal.Output.WaitAsync(_client.Position, cancellationToken));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Receives input and control messages until the client closes the connection.</summary>
    private async Task ReceiveAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputSize);
        try
        {
            int filled = 0;
            while (true)
            {
                ValueWebSocketReceiveResult received = await _socket.ReceiveAsync(buffer.AsMemory(filled), cancellationToken);
                switch (received.MessageType)
                {
                    case WebSocketMessageType.Close:
                        if (_socket.State == WebSocketState.CloseReceived)
                        {
                            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
                        }

                        return;
                    case WebSocketMessageType.Binary when _client.MayControl:
                        await _terminal.WriteAsync(_client, buffer.AsMemory(0, received.Count), cancellationToken);
                        break;
                    case WebSocketMessageType.Text:
                        filled += received.Count;
                        if (received.EndOfMessage || filled == buffer.Length)
                        {
                            await HandleMessageAsync(buffer.AsMemory(0, received.EndOfMessage ? filled : 0), cancellationToken);
                            filled = 0;
                        }

                        break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task HandleMessageAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        TerminalMessage? message;
        try
        {
            message = JsonSerializer.Deserialize(text.Span, ProtocolJson.Default.TerminalMessage);
        }
        catch (JsonException)
        {
            message = null;
        }

        if (message is null)
        {
            await SendErrorAsync("Invalid control message", cancellationToken);
        }
        else if (message.Type == TerminalMessages.Resize)
        {
            TerminalSize size = new(message.Cols ?? 0, message.Rows ?? 0);
            if (size.IsValid)
            {
                _terminal.Resize(_client, size);
            }
            else
            {
                await SendErrorAsync("Invalid dimensions: cols and rows must be positive", cancellationToken);
            }
        }
    }

    private Task SendErrorAsync(string message, CancellationToken cancellationToken) =>
        SendAsync(new TerminalMessage { Type = TerminalMessages.Error, Message = message }, cancellationToken);

    private Task SendAsync(TerminalMessage message, CancellationToken cancellationToken) =>
        SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.TerminalMessage), WebSocketMessageType.Text, cancellationToken);

    // One send at a time: output and replies come from two tasks.
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(bytes, type, endOfMessage: true, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }
}

using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Agent.Terminals;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>One viewer's connection to a terminal: what is printed goes out, what is typed comes in, until the shell or the viewer has gone.</summary>
internal sealed class TerminalConnection : IDisposable
{
    private const int OutputSize = 64 * 1024;
    private const int InputSize = 16 * 1024;

    // How long a viewer may take to answer the goodbye.
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(2);

    private readonly WebSocket socket;
    private readonly Terminal terminal;
    private readonly TerminalViewer viewer;
    private readonly SemaphoreSlim sending = new(1, 1);

    private TerminalConnection(WebSocket socket, Terminal terminal, TerminalViewer viewer)
    {
        this.socket = socket;
        this.terminal = terminal;
        this.viewer = viewer;
    }

    /// <summary>Serves a viewer.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="terminal">The terminal.</param>
    /// <param name="size">The size of the viewer's window, if it said.</param>
    /// <param name="offset">The first byte it has not seen; null for all that is kept.</param>
    /// <param name="mayType">Whether it does more than look.</param>
    /// <param name="gone">The connection is gone.</param>
    public static async Task RunAsync(WebSocket socket, Terminal terminal, TerminalSize? size, long? offset, bool mayType, CancellationToken gone)
    {
        long shown = terminal.Output.End;
        TerminalViewer viewer = terminal.Attach(size, offset, mayType);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(gone);
        using TerminalConnection connection = new(socket, terminal, viewer);
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
        catch (Exception end) when (end is WebSocketException or OperationCanceledException)
        {
            // It broke off; the terminal goes on.
        }
        finally
        {
            terminal.Detach(viewer);
            await stop.CancelAsync();
            await Task.WhenAll(receiving, output).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => sending.Dispose();

    private static TerminalMessage ExitOf(Terminal terminal)
    {
        ExitStatus status = terminal.Exit ?? default;
        return new TerminalMessage { Type = TerminalMessages.Exit, Code = status.ExitCode, Signal = status.Signal?.ToString() };
    }

    /// <summary>Sends what was printed before, says so, and goes on with what is printed now, to the shell's end.</summary>
    private async Task SendOutputAsync(long shown, CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(OutputSize);
        try
        {
            bool isReady = false;
            do
            {
                if (!isReady && viewer.Position >= shown)
                {
                    isReady = true;
                    await SendAsync(new TerminalMessage { Type = TerminalMessages.Ready, Terminal = terminal.Id, Offset = viewer.Position }, stop);
                }

                int wanted = isReady ? OutputSize : (int)Math.Min(OutputSize, shown - viewer.Position);
                long position = viewer.Position;
                int count = terminal.Output.Read(ref position, buffer.AsSpan(0, wanted));
                if (position != viewer.Position)
                {
                    await SendAsync(new TerminalMessage { Type = TerminalMessages.Gap, Offset = position }, stop);
                }

                if (count > 0)
                {
                    await SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, stop);
                }

                viewer.Position = position + count;
                terminal.Moved();
            }
            while (!isReady || await terminal.Output.WaitAsync(viewer.Position, stop));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Takes what the viewer types and says, until it says goodbye.</summary>
    private async Task ReceiveAsync(CancellationToken stop)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputSize);
        try
        {
            int filled = 0;
            while (true)
            {
                ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(filled), stop);
                switch (received.MessageType)
                {
                    case WebSocketMessageType.Close:
                        if (socket.State == WebSocketState.CloseReceived)
                        {
                            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, stop);
                        }

                        return;
                    case WebSocketMessageType.Binary when viewer.MayType:
                        await terminal.WriteAsync(viewer, buffer.AsMemory(0, received.Count), stop);
                        break;
                    case WebSocketMessageType.Text:
                        filled += received.Count;
                        if (received.EndOfMessage || filled == buffer.Length)
                        {
                            await ObeyAsync(buffer.AsMemory(0, received.EndOfMessage ? filled : 0), stop);
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

    private async Task ObeyAsync(ReadOnlyMemory<byte> text, CancellationToken stop)
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
            await SendErrorAsync("Invalid control message", stop);
        }
        else if (message.Type == TerminalMessages.Resize)
        {
            TerminalSize size = new(message.Cols ?? 0, message.Rows ?? 0);
            if (size.IsValid)
            {
                terminal.Resize(viewer, size);
            }
            else
            {
                await SendErrorAsync("Invalid dimensions: cols and rows must be positive", stop);
            }
        }
    }

    private Task SendErrorAsync(string message, CancellationToken stop) => SendAsync(new TerminalMessage { Type = TerminalMessages.Error, Message = message }, stop);

    private Task SendAsync(TerminalMessage message, CancellationToken stop) =>
        SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, ProtocolJson.Default.TerminalMessage), WebSocketMessageType.Text, stop);

    // One at a time: output and answers come from two sides.
    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken stop)
    {
        await sending.WaitAsync(stop);
        try
        {
            await socket.SendAsync(bytes, type, endOfMessage: true, stop);
        }
        finally
        {
            sending.Release();
        }
    }
}

using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Minimal terminal client that reads only while it waits for something.</summary>
internal sealed class TerminalClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _deadline = new(Wait.Limit);
    private readonly StringBuilder _shown = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    private TerminalClient()
    {
    }

    /// <summary>Gets the terminal output read so far, except what <see cref="CountAsync"/> counted.</summary>
    public string Shown => _shown.ToString();

    /// <summary>Gets the id of the terminal from the ready message.</summary>
    public string? Terminal { get; private set; }

    /// <summary>Gets the offset of the first byte after the missed output.</summary>
    public long Begin { get; private set; }

    /// <summary>Gets the offset of the next byte.</summary>
    public long Position { get; private set; }

    public static async Task<TerminalClient> OpenAsync(AgentFixture agent, string query)
    {
        TerminalClient client = new();
        await client._socket.ConnectAsync(new Uri($"ws://agent/v1/sandbox/test/pty?{query}"), agent.Http, client._deadline.Token);
        return client;
    }

    /// <summary>Gets the response when the upgrade to a WebSocket was refused.</summary>
    public static Task<HttpResponseMessage> AssertRefusedAsync(AgentFixture agent, string query)
    {
        HttpRequestMessage request = new(HttpMethod.Get, "pty?" + query);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        return agent.Http.SendAsync(request);
    }

    public Task TypeAsync(string text) => TypeAsync(Encoding.UTF8.GetBytes(text));

    public Task TypeAsync(byte[] bytes) => _socket.SendAsync(bytes, WebSocketMessageType.Binary, true, _deadline.Token);

    public Task ResizeAsync(int columns, int rows) => SendMessageAsync($$"""{"type":"resize","cols":{{columns}},"rows":{{rows}}}""");

    public Task SendMessageAsync(string text) => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, _deadline.Token);

    public async Task WaitForAsync(string text)
    {
        while (!Shown.Contains(text, StringComparison.Ordinal))
        {
            try
            {
                Assert.True(await ReadAsync() is not { Type: TerminalMessages.Exit }, $"the shell ended before '{text}':\n{Shown}");
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"'{text}' was not shown:\n{Shown}");
            }
        }
    }

    /// <summary>Receives the next text message; binary messages before it are added to the output.</summary>
    public async Task<TerminalMessage> ReceiveMessageAsync()
    {
        while (true)
        {
            if (await ReadAsync() is { } message)
            {
                return message;
            }
        }
    }

    public async Task<TerminalMessage> ExitAsync()
    {
        while (true)
        {
            if (await ReceiveMessageAsync() is { Type: TerminalMessages.Exit } exit)
            {
                return exit;
            }
        }
    }

    /// <summary>Returns whether the server closes the connection without further messages.</summary>
    public async Task<bool> IsClosedAsync() => (await _socket.ReceiveAsync(_buffer, _deadline.Token)).MessageType == WebSocketMessageType.Close;

    /// <summary>Counts the bytes between two words; fails when they are not repetitions of one line.</summary>
    public async Task<long> CountAsync(string begin, string end, string line)
    {
        await WaitForAsync(begin);
        byte[] expected = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(line, (_buffer.Length / line.Length) + 2)));
        byte[] word = Encoding.UTF8.GetBytes(end);
        byte[] pending = Encoding.UTF8.GetBytes(Shown[(Shown.IndexOf(begin, StringComparison.Ordinal) + begin.Length)..]);
        long count = 0;
        while (true)
        {
            // The last word may arrive in two messages.
            int at = pending.AsSpan().IndexOf(word);
            int certain = at >= 0 ? at : Math.Max(0, pending.Length - word.Length);
            Assert.True(pending.AsSpan(0, certain).SequenceEqual(expected.AsSpan((int)(count % line.Length), certain)), $"not as expected behind byte {count}");
            count += certain;
            if (at >= 0)
            {
                return count;
            }

            int from = _shown.Length;
            await ReadAsync();
            pending = [.. pending.AsSpan(certain), .. Encoding.UTF8.GetBytes(_shown.ToString(from, _shown.Length - from))];
            _shown.Length = from;
        }
    }

    public void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
        _deadline.Dispose();
    }

    private async Task<TerminalMessage?> ReadAsync()
    {
        // The limit applies to the wait for each message, not to the whole stream.
        _deadline.CancelAfter(Wait.Limit);
        WebSocketReceiveResult received = await _socket.ReceiveAsync(_buffer, _deadline.Token);
        if (received.MessageType == WebSocketMessageType.Binary)
        {
            _shown.Append(Encoding.UTF8.GetString(_buffer, 0, received.Count));
            Position += received.Count;
            return null;
        }

        Assert.True(received.MessageType == WebSocketMessageType.Text, $"the connection was closed: {received.CloseStatusDescription}\n{Shown}");
        TerminalMessage message = JsonSerializer.Deserialize(_buffer.AsSpan(0, received.Count), ProtocolJson.Default.TerminalMessage)!;
        if (message.Offset is { } offset)
        {
            if (message.Type == TerminalMessages.Ready)
            {
                (Terminal, Begin) = (message.Terminal, offset - Position);
            }
            else
            {
                Begin = offset;
            }

            Position = offset;
        }

        return message;
    }
}

using System.Net;
using System.Net.WebSockets;
using System.Text;

namespace Sandbox.Tests;

/// <summary>The HTTP route to a program in a sandbox, <c>…/port/{port}/…</c>, streams through server and agent without buffering.</summary>
public sealed class PortRouteTests : IClassFixture<SandboxFixture>, IDisposable
{
    private const string Program = """
        import base64, hashlib, http.server, threading
        seen, go = [], threading.Event()
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            def do_POST(self):
                while (size := int(self.rfile.readline(), 16)) > 0:
                    seen.append(self.rfile.read(size).decode())
                    self.rfile.readline()
                self.rfile.readline()
                self.answer('|'.join(seen))
            def do_GET(self):
                if self.path == '/events':
                    self.send_response(200)
                    self.send_header('Content-Type', 'text/event-stream')
                    self.send_header('Connection', 'close')
                    self.end_headers()
                    self.wfile.write(b'data: first\n\n')
                    go.wait()
                    self.wfile.write(b'data: second\n\n')
                    self.close_connection = True
                elif self.path == '/live':
                    key = self.headers['Sec-WebSocket-Key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
                    self.send_response(101)
                    self.send_header('Upgrade', 'websocket')
                    self.send_header('Connection', 'Upgrade')
                    self.send_header('Sec-WebSocket-Accept', base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
                    self.end_headers()
                    while True:
                        kind, size = self.rfile.read(2)
                        mask = self.rfile.read(4)
                        data = bytes(b ^ mask[i % 4] for i, b in enumerate(self.rfile.read(size & 127)))
                        self.wfile.write(bytes([kind, len(data)]) + data.upper() if kind & 15 != 8 else bytes([kind, 0]))
                        if kind & 15 == 8:
                            return
                else:
                    if self.path == '/go':
                        go.set()
                    self.answer('|'.join(seen))
            def answer(self, text):
                self.send_response(200)
                self.send_header('Content-Length', len(text))
                self.end_headers()
                self.wfile.write(text.encode())
        http.server.ThreadingHTTPServer(('127.0.0.1', 8200), Handler).serve_forever()
        """;

    private readonly CancellationTokenSource _deadline = new(Wait.Limit);
    private readonly PowerShellEngine _engine;
    private readonly HttpMessageInvoker _invoker;
    private readonly HttpClient _http;
    private readonly string _address;

    public PortRouteTests(SandboxFixture fixture)
    {
        _engine = fixture.Engine;
        SocketsHttpHandler handler = ServerSocket.CreateHandler((string)_engine.Run("$Box.Server").One);
        _invoker = new(handler);
        _address = $"sandbox/v1/sandbox/{fixture.Id}/port/8200";
        _http = new(handler, disposeHandler: false) { BaseAddress = new($"http://{_address}/") };
        _ = _engine.Run(
            "$Served = Start-SandboxProcess -FilePath python3 -ArgumentList '-c', $Program -Sandbox $Box; $Served | " +
            "Wait-SandboxProcess -Port 8200 -TimeoutSeconds 60", ("Program", Program)).Clean;
    }

    [Fact]
    public async Task Request_body_is_streamed_to_the_program()
    {
        using PiecesContent body = new();
        Task<HttpResponseMessage> asking = _http.PostAsync("upload", body, _deadline.Token);
        string expected = "";
        foreach (string piece in new[] { "a", "little", "at a time" })
        {
            expected = expected.Length == 0 ? piece : $"{expected}|{piece}";
            await body.SendAsync(piece);
            while (await _http.GetStringAsync("seen", _deadline.Token) is var seen && seen != expected)
            {
                Assert.StartsWith(seen, expected, StringComparison.Ordinal);
            }
        }

        body.End();
        using HttpResponseMessage answer = await asking;
        Assert.Equal(expected, await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Response_events_are_streamed()
    {
        using HttpResponseMessage answer = await _http.GetAsync("events", HttpCompletionOption.ResponseHeadersRead, _deadline.Token);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("data: first", await reader.ReadLineAsync(_deadline.Token));
        Assert.Equal("", await reader.ReadLineAsync(_deadline.Token));
        await _http.GetStringAsync("go", _deadline.Token);
        Assert.Equal("data: second\n\n", await reader.ReadToEndAsync(_deadline.Token));
    }

    [Fact]
    public async Task WebSocket_is_bidirectional_and_closes_cleanly()
    {
        using ClientWebSocket socket = new();
        await socket.ConnectAsync(new($"ws://{_address}/live"), _invoker, _deadline.Token);
        foreach (string word in new[] { "one", "two" })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(word), WebSocketMessageType.Text, true, _deadline.Token);
            byte[] buffer = new byte[100];
            WebSocketReceiveResult echo = await socket.ReceiveAsync(buffer, _deadline.Token);
            Assert.Equal((WebSocketMessageType.Text, word.ToUpperInvariant()), (echo.MessageType, Encoding.UTF8.GetString(buffer, 0, echo.Count)));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token);
        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    public void Dispose()
    {
        _ = _engine.Run("$Served | Stop-SandboxProcess -Force").Clean;
        _http.Dispose();
        _invoker.Dispose();
        _deadline.Dispose();
    }

    /// <summary>Request body of unknown length, sent unbuffered.</summary>
    private sealed class PiecesContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task SendAsync(string piece)
        {
            Stream stream = await _begun.Task;
            await stream.WriteAsync(Encoding.UTF8.GetBytes(piece));
            await stream.FlushAsync();
        }

        public void End() => _ended.SetResult();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _begun.SetResult(stream);
            return _ended.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sandbox.Tests;

/// <summary>Concurrent connections, data in transit, and the server's HTTP route. Other tests of ports: SandboxPort.Tests.ps1.</summary>
public sealed class ConnectPortTests : IClassFixture<SandboxFixture>, IDisposable
{
    // Sends the input back in capitals after its end, so the response begins when the other direction is closed.
    private const string Echo = """
        import socketserver
        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(self.rfile.read().upper())
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            request_queue_size = 512
        Server(('127.0.0.1', 7000), Handler).serve_forever()
        """;

    private readonly PowerShellEngine _engine;
    private readonly string _id;

    public ConnectPortTests(SandboxFixture fixture) => (_engine, _id) = (fixture.Engine, fixture.Id);

    [Fact]
    public async Task Concurrent_connections_close_each_direction_independently()
    {
        _ = _engine.Run("Invoke-SandboxCommand 'cat > echo.py' -Sandbox $Box -InputObject $Echo", ("Echo", Echo)).Clean;
        Listen("exec python3 echo.py", 7000);
        int local = (int)_engine.Run("($Box | Connect-SandboxPort 7000).LocalPort").One;
        Socket[] sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, local);
            return socket;
        }));
        string[] answers = await Task.WhenAll(sockets.Select(AskAsync)).WaitAsync(Wait.Limit);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"QUESTION {i}"), answers);

        async Task<string> AskAsync(Socket socket, int i)
        {
            using NetworkStream stream = new(socket, ownsSocket: true);
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"question {i}"));
            socket.Shutdown(SocketShutdown.Send);
            using StreamReader reader = new(stream);
            return await reader.ReadToEndAsync();
        }
    }

    [Fact]
    public async Task Server_route_of_a_port_responds()
    {
        using HttpClient http = new(ServerSocket.CreateHandler((string)_engine.Run("$Box.Server").One));
        _ = _engine.Run("Invoke-SandboxCommand \"echo deep > 'a b'\" -Sandbox $Box").Clean;
        Listen("exec python3 -m http.server 8000 --bind 127.0.0.1", 8000);
        Assert.Equal("deep\n", await http.GetStringAsync($"http://sandbox/v1/sandbox/{_id}/port/8000/a%20b"));
        using HttpResponseMessage refused = await http.GetAsync($"http://sandbox/v1/sandbox/{_id}/port/8001/");
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        Assert.Contains("port_not_listening", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void Output_written_before_an_exit_still_arrives()
    {
        const int length = 20_000_000;
        const string once = "import socket; s = socket.create_server(('127.0.0.1', 7011)); c, _ = s.accept(); c.sendall(b'x' * 20_000_000); c.close()";
        int local = (int)_engine.Run(
            "$p = Start-SandboxProcess -FilePath python3 -ArgumentList '-c', $Once -Sandbox $Box; ($p | Connect-SandboxPort 7011 -TimeoutSeconds 60).LocalPort",
        ("Once", once)).One;
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Wait.Limit.TotalMilliseconds };
        socket.Connect(IPAddress.Loopback, local);
        byte[] buffer = new byte[64 * 1024];
        int received = socket.Receive(buffer, 1, SocketFlags.None);

        // The rest of the data is still in transit when the forward ends: nothing has read it.
        while (received < length / 2)
        {
            received += socket.Receive(buffer);
        }

        Wait.Until(() => received == length || Receive() == 0 || _engine.Run("Get-SandboxPort -Port 7011").Clean.Output.Count == 0, "the process has ended");
        while (Receive() > 0)
        {
        }

        Assert.Equal(length, received);

        int Receive()
        {
            int count = socket.Receive(buffer);
            received += count;
            return count;
        }
    }

    [Fact]
    public void Forwards_of_another_runspace_are_not_listed()
    {
        Listen("python3 -m http.server 8000 --bind 127.0.0.1", 8000);
        using PowerShellEngine other = new();
        _ = other.Run("$null = $Box | Connect-SandboxPort 8000", ("Box", _engine.Run("$Box").One)).Clean;
        Assert.Single(other.Run("Get-SandboxPort").Clean.Output);
        Assert.Empty(_engine.Run("Get-SandboxPort -Sandbox $Box").Clean.Output);
    }

    [Fact]
    public void Forwards_end_with_their_runspace()
    {
        Listen("python3 -m http.server 8003 --bind 127.0.0.1", 8003);
        string uri;
        using (PowerShellEngine other = new())
        {
            uri = (string)other.Run("($Box | Connect-SandboxPort 8003).Uri", ("Box", _engine.Run("$Box").One)).One;
            Get(uri);
        }

        Refused(uri);
    }

    [Fact]
    public void Forwards_end_when_the_module_is_removed()
    {
        Listen("python3 -m http.server 8004 --bind 127.0.0.1", 8004);
        using PowerShellEngine other = new();
        string uri = (string)other.Run("($Box | Connect-SandboxPort 8004).Uri", ("Box", _engine.Run("$Box").One)).One;
        Get(uri);
        _ = other.Run("Remove-Module Sandbox").Clean;
        Refused(uri);
    }

    public void Dispose() => _engine.Run("Get-SandboxPort -Sandbox $Box | Disconnect-SandboxPort");

    private void Listen(string command, int port) => _ = _engine.Run(
        "$null = Start-SandboxProcess $Command -Sandbox $Box -WorkingDirectory /workspace | Wait-SandboxProcess -Port $Port -TimeoutSeconds 60",
        ("Command", command), ("Port", port)).Clean;

    private static void Refused(string uri)
    {
        Exception failure = Assert.ThrowsAny<Exception>(() => Get(uri));
        Assert.True(failure is HttpRequestException or SocketException, failure.ToString());
    }

    private static void Get(string uri)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Wait.Limit };
        http.GetStringAsync(new Uri(uri)).GetAwaiter().GetResult();
    }
}

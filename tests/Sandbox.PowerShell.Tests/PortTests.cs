using System.Management.Automation;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sandbox.Tests;

public sealed class PortTests : IClassFixture<SandboxFixture>, IDisposable
{
    // What it reads to the end of input it sends back in capitals, so the answer begins when one direction has ended.
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

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Engine _engine;
    private readonly string _id;

    public PortTests(SandboxFixture fixture)
    {
        (_engine, _id) = (fixture.Engine, fixture.Id);
        Listen("python3 -m http.server 8000 --bind 127.0.0.1", 8000);
    }

    [Fact]
    public void A_web_server_in_a_sandbox_without_network_answers_on_the_local_port()
    {
        _ = _engine.Run("$Closed = New-Sandbox -Network None; Invoke-SandboxCommand 'echo found > page.txt' -Sandbox $Closed").Clean;
        Listen("python3 -m http.server 8000 --bind 127.0.0.1", 8000, "$Closed");
        dynamic port = _engine.Run("$Port = $Closed | Connect-SandboxPort 8000; $Port").One;
        Assert.Equal(8000, port.Port);
        Assert.Equal(((string)_engine.Run("$Closed.Id").One, $"http://127.0.0.1:{port.LocalPort}/"), ((string)port.SandboxId, (string)port.Uri));
        Assert.Equal("found\n", Get(port.Uri + "page.txt"));
        _ = _engine.Run("$Port | Disconnect-SandboxPort").Clean;
        Refused((string)port.Uri);
        Assert.Empty(_engine.Run("Get-SandboxPort -Sandbox $Closed; $Closed | Remove-Sandbox").Clean.Output);
    }

    [Fact]
    public async Task Many_connections_at_once_end_in_each_direction_on_its_own()
    {
        _ = _engine.Run("Invoke-SandboxCommand 'cat > echo.py' -Sandbox $Box -InputObject $Echo", ("Echo", Echo)).Clean;
        Listen("python3 echo.py", 7000);
        int local = (int)_engine.Run("($Box | Connect-SandboxPort 7000).LocalPort").One;
        Socket[] sockets = await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ =>
        {
            Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, local);
            return socket;
        }));
        string[] answers = await Task.WhenAll(sockets.Select(AskAsync)).WaitAsync(Limit);
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
    public async Task The_servers_own_route_answers_too()
    {
        using HttpClient http = new(ServerSocket.CreateHandler((string)_engine.Run("$Box.Server").One));
        _ = _engine.Run("Invoke-SandboxCommand \"echo deep > 'a b'\" -Sandbox $Box").Clean;
        Assert.Equal("deep\n", await http.GetStringAsync($"http://sandbox/v1/sandbox/{_id}/port/8000/a%20b"));
        using HttpResponseMessage nobody = await http.GetAsync($"http://sandbox/v1/sandbox/{_id}/port/8001/");
        Assert.Equal(HttpStatusCode.BadGateway, nobody.StatusCode);
        Assert.Contains("port_not_listening", await nobody.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void With_a_process_it_is_waited_until_it_serves_the_port_and_the_forward_ends_with_it_and_says_so()
    {
        dynamic port = _engine.Run("$p = Start-SandboxProcess 'until [ -e go-7010 ]; do sleep 0.02; done; exec python3 -m http.server 7010 --bind 127.0.0.1' -Id web -Sandbox $Box; $null = Start-SandboxProcess 'sleep 0.3; touch go-7010' -Sandbox $Box; $Port = $p | Connect-SandboxPort 7010; $Port").One;
        Assert.Equal("web", (string)port.ProcessId);
        Assert.Contains("go-7010", Get(port.Uri), StringComparison.Ordinal);
        _ = _engine.Run("$p | Stop-SandboxProcess").Clean;
        Wait.Until(() => _engine.Run("Get-SandboxPort -Port 7010").Clean.Output.Count == 0, "the forward is gone");
        Refused((string)port.Uri);
        foreach (string script in new[] { "$Port | Get-SandboxPort", "$Port | Disconnect-SandboxPort" })
        {
            EngineResult gone = _engine.Run(script);
            Assert.Equal("PortForwardNotFound", gone.ErrorId);
            Assert.Contains($"is forwarded no more: The process '{_id}/web' was ended by the signal TERM.", gone.Error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_process_wrote_before_its_end_still_arrives()
    {
        const int length = 20_000_000;
        const string once = "import socket; s = socket.create_server(('127.0.0.1', 7011)); c, _ = s.accept(); c.sendall(b'x' * 20_000_000); c.close()";
        int local = (int)_engine.Run("$p = Start-SandboxProcess -FilePath python3 -ArgumentList '-c', $Once -Sandbox $Box; ($p | Connect-SandboxPort 7011 -TimeoutSeconds 30).LocalPort", ("Once", once)).One;
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Limit.TotalMilliseconds };
        socket.Connect(IPAddress.Loopback, local);
        byte[] buffer = new byte[64 * 1024];
        int received = socket.Receive(buffer, 1, SocketFlags.None);

        // The last of it is still on its way when the forward has ended: nobody has read it.
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
    public void A_forward_ends_with_its_process_also_when_the_sandbox_is_stopped_and_does_not_wake_it()
    {
        _ = _engine.Run("$Going = New-Sandbox; $Port = Start-SandboxProcess 'python3 -m http.server 7012 --bind 127.0.0.1' -Sandbox $Going | Connect-SandboxPort 7012; $Going | Stop-Sandbox").Clean;
        Wait.Until(() => _engine.Run("Get-SandboxPort -Sandbox $Going").Clean.Output.Count == 0, "the forward is gone");
        Assert.EndsWith("was stopped.", _engine.Run("$Port | Get-SandboxPort").Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(["Stopped"], _engine.Run("\"$((Get-Sandbox $Going.Id).State)\"; $Going | Remove-Sandbox").Texts);
    }

    [Fact]
    public void Processes_are_named_in_every_form_and_those_that_do_not_serve_the_port_are_errors()
    {
        _ = _engine.Run("$p = Start-SandboxProcess 'python3 -m http.server 7013 --bind 127.0.0.1' -Id named -Sandbox $Box").Clean;
        object copy = PSSerializer.Deserialize(PSSerializer.Serialize(_engine.Run("$p").Clean.Output[0]));
        foreach (string script in new[] { "Connect-SandboxPort 7013 -Process named -Sandbox $Box", "Connect-SandboxPort 7013 -Process $p", "$Copy | Connect-SandboxPort 7013", $"Connect-SandboxPort 7013 -Process {_id}/name*" })
        {
            Assert.Equal("named", _engine.Run($"({script}).ProcessId", ("Copy", copy)).One);
        }

        EngineResult ended = _engine.Run("Start-SandboxProcess 'echo will not; exit 4' -Sandbox $Box | Connect-SandboxPort 7014");
        Assert.Equal("ProcessEnded", ended.ErrorId);
        Assert.Contains("ended with the exit code 4 before port 7014 was served. Its last lines: \nwill not", ended.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal("WaitTimedOut", _engine.Run("$p | Connect-SandboxPort 7014 -TimeoutSeconds 0.2").ErrorId);
        Assert.Equal("ProcessNotFound", _engine.Run("Connect-SandboxPort 7014 -Process nosuch -Sandbox $Box").ErrorId);
        Assert.Empty(_engine.Run("Get-SandboxPort -Port 7014; $p | Connect-SandboxPort 7014 -WhatIf").Clean.Output);

        // Text from the pipeline is a session's id, as everywhere.
        Assert.Equal("SessionNotFound", _engine.Run("'named' | Connect-SandboxPort 7013 -Sandbox $Box").ErrorId);
        _ = _engine.Run("$p | Stop-SandboxProcess").Clean;
    }

    [Fact]
    public void A_port_nobody_listens_on_is_an_error_and_nothing_is_forwarded()
    {
        EngineResult result = _engine.Run("Connect-SandboxPort 8001 -Sandbox $Box");
        Assert.Equal(("PortNotListening", ErrorCategory.ResourceUnavailable, $"{_id}:8001"), (result.ErrorId, result.Error.CategoryInfo.Category, (string)result.Error.TargetObject));
        Assert.Empty(_engine.Run("Get-SandboxPort -Sandbox $Box").Clean.Output);
    }

    [Theory]
    [InlineData("Connect-SandboxPort 0 -Sandbox $Box", "ParameterArgumentValidationError")]
    [InlineData("Connect-SandboxPort 70000 -Sandbox $Box", "ParameterArgumentValidationError")]
    [InlineData("Connect-SandboxPort 8000 -LocalPort 70000 -Sandbox $Box", "ParameterArgumentValidationError")]
    [InlineData("Connect-SandboxPort 8000, 8001 -LocalPort 9000 -Sandbox $Box", "InvalidArgument")]
    [InlineData("Connect-SandboxPort 8000 -Sandbox nosuch", "SandboxNotFound")]
    [InlineData("Connect-SandboxPort 8000 -Sandbox $Box -Session nosuch", "SessionNotFound")]
    [InlineData("Get-SandboxPort 1", "PortForwardNotFound")]
    [InlineData("Disconnect-SandboxPort 1", "PortForwardNotFound")]
    [InlineData("Disconnect-SandboxPort 'x'", "ParameterArgumentTransformationError")]
    public void What_makes_no_sense_is_a_clear_error(string script, string id) => Assert.Equal(id, _engine.Run(script).ErrorId);

    [Fact]
    public void A_local_port_can_be_chosen_and_one_that_is_taken_is_an_error()
    {
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        int number = ((IPEndPoint)taken.LocalEndpoint).Port;
        EngineResult refused = _engine.Run("Connect-SandboxPort 8000 -LocalPort $Number -Sandbox $Box", ("Number", number));
        Assert.Equal(("LocalPortUnavailable", number), (refused.ErrorId, (int)refused.Error.TargetObject));
        taken.Stop();
        Assert.Equal(number, _engine.Run("(Connect-SandboxPort 8000 -LocalPort $Number -Sandbox $Box).LocalPort").One);
        Assert.Equal("LocalPortUnavailable", _engine.Run("Connect-SandboxPort 8000 -LocalPort $Number -Sandbox $Box").ErrorId);
    }

    [Fact]
    public void Forwards_are_found_by_local_port_port_and_sandbox_also_as_objects_from_another_process()
    {
        _ = _engine.Run("$One = New-SandboxSession one -Sandbox $Box | Connect-SandboxPort 8000; $Two = $Box | Connect-SandboxPort 8000").Clean;
        Assert.Equal(2, _engine.Run("Get-SandboxPort -Sandbox $Box").Clean.Output.Count);
        Assert.Equal(2, _engine.Run("$Box | Get-SandboxPort -Port 8000").Clean.Output.Count);
        Assert.Empty(_engine.Run("$Box | Get-SandboxPort -Port 8001").Clean.Output);
        Assert.Equal(2, _engine.Run($"Get-SandboxPort -Sandbox {_id[..4]}*").Clean.Output.Count);
        Assert.Equal(_engine.Run("$One.Uri").Texts, _engine.Run("Get-SandboxPort $One.LocalPort").Texts);
        Assert.Equal(_engine.Run("$One.Uri").Texts, _engine.Run("$One.LocalPort | Get-SandboxPort").Texts);
        object copy = PSSerializer.Deserialize(PSSerializer.Serialize(_engine.Run("$One").Clean.Output[0]));
        Assert.Equal(_engine.Run("$One.Uri").Texts, _engine.Run("$Copy | Get-SandboxPort", ("Copy", copy)).Texts);
        _ = _engine.Run("$Copy | Disconnect-SandboxPort -WhatIf; Connect-SandboxPort 8000 -Sandbox $Box -WhatIf").Clean;
        Assert.Equal(2, _engine.Run("Get-SandboxPort -Sandbox $Box").Clean.Output.Count);
        _ = _engine.Run("$Copy | Disconnect-SandboxPort").Clean;
        Assert.Equal(_engine.Run("$Two.Uri").Texts, _engine.Run("Get-SandboxPort -Sandbox $Box").Texts);
    }

    [Fact]
    public void Why_a_connection_was_not_made_is_told_and_with_its_sandbox_a_forward_goes()
    {
        _ = _engine.Run("$Going = New-Sandbox").Clean;
        Listen("python3 -m http.server 8002 --bind 127.0.0.1", 8002, "$Going");
        string uri = (string)_engine.Run("($Two = $Going | Connect-SandboxPort 8002).Uri").One;
        _ = _engine.Run("Invoke-SandboxCommand 'pkill -f \"http.server 8002\"; while (exec 3<>/dev/tcp/127.0.0.1/8002) 2>/dev/null; do sleep 0.02; done' -Sandbox $Going").Clean;
        Refused(uri);
        Assert.Contains("listens on port 8002", (string)_engine.Run("($Two | Get-SandboxPort).LastError").One, StringComparison.Ordinal);
        _ = _engine.Run("$Going | Remove-Sandbox").Clean;
        Refused(uri);
        Wait.Until(() => _engine.Run("Get-SandboxPort -Port 8002").Clean.Output.Count == 0, "the forward is gone");
    }

    [Fact]
    public void Forwards_of_another_runspace_are_not_listed()
    {
        using Engine other = new();
        _ = other.Run("$null = $Box | Connect-SandboxPort 8000", ("Box", _engine.Run("$Box").One)).Clean;
        Assert.Single(other.Run("Get-SandboxPort").Clean.Output);
        Assert.Empty(_engine.Run("Get-SandboxPort -Sandbox $Box").Clean.Output);
    }

    [Fact]
    public void Forwards_end_with_their_runspace()
    {
        string uri;
        using (Engine other = new())
        {
            uri = (string)other.Run("($Box | Connect-SandboxPort 8000).Uri", ("Box", _engine.Run("$Box").One)).One;
            Get(uri);
        }

        Refused(uri);
    }

    [Fact]
    public void Forwards_end_when_the_module_is_removed()
    {
        using Engine other = new();
        string uri = (string)other.Run("($Box | Connect-SandboxPort 8000).Uri", ("Box", _engine.Run("$Box").One)).One;
        Get(uri);
        _ = other.Run("Remove-Module Sandbox").Clean;
        Refused(uri);
    }

    [Fact]
    public void Ports_are_completed_as_numbers()
    {
        _ = _engine.Run("$Port = $Box | Connect-SandboxPort 8000").Clean;
        Wait.Until(() => Texts($"Connect-SandboxPort -Sandbox {_id} -Port 80") is ["8000"], "the port is offered");
        Assert.Contains(_engine.Run("$Port.LocalPort").Texts[0], Texts("Disconnect-SandboxPort "));
    }

    public void Dispose() => _engine.Run("Get-SandboxPort -Sandbox $Box | Disconnect-SandboxPort");

    private void Listen(string command, int port, string sandbox = "$Box") => _ = _engine.Run(
        $"Invoke-SandboxCommand '(exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null || setsid {command} >/dev/null 2>&1 & until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.02; done' -Session (New-SandboxSession -Sandbox {sandbox}) -TimeoutSeconds 30").Clean;

    // A connection that is closed at once is one or the other to the framework, as it happens.
    private static void Refused(string uri)
    {
        Exception failure = Assert.ThrowsAny<Exception>(() => Get(uri));
        Assert.True(failure is HttpRequestException or SocketException, failure.ToString());
    }

    private static string Get(string uri)
    {
        using HttpClient http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Limit };
        return http.GetStringAsync(uri).GetAwaiter().GetResult();
    }

    private string[] Texts(string line)
    {
        using PowerShell shell = PowerShell.Create(_engine.Runspace);
        return [.. CommandCompletion.CompleteInput(line, line.Length, null, shell).CompletionMatches
            .Where(offered => offered.ResultType is CompletionResultType.ParameterValue).Select(offered => offered.CompletionText)];
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class PortForwardingTests(AgentFixture agent) : IClassFixture<AgentFixture>, IDisposable
{
    private readonly CancellationTokenSource _deadline = new(Wait.Limit);

    [Fact]
    public async Task Request_and_response_pass_through_unchanged()
    {
        await using WebApplication program = await ServeAsync("127.0.0.1", async context =>
        {
            IHttpRequestFeature request = context.Features.Get<IHttpRequestFeature>()!;
            context.Response.StatusCode = 404;
            context.Response.Headers["X-Own"] = "yes";
            using StreamReader body = new(context.Request.Body);
            await context.Response.WriteAsync(string.Join('\n', request.Method, request.RawTarget, context.Request.Host,
                context.Request.Headers["X-Forwarded-Prefix"], context.Request.Headers["X-Hop"], await body.ReadToEndAsync()));
        });
        int port = PortOf(program);
        using HttpRequestMessage request = new(HttpMethod.Put, new Uri(
            $"http://agent/v1/sandbox/test/port/{port}/a%2Fb/./c?q=%20", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Content = new StringContent("body"),
        };
        request.Headers.Add("Connection", "X-Hop");
        request.Headers.Add("X-Hop", "not for the program");
        using HttpResponseMessage answer = await agent.Http.SendAsync(request, _deadline.Token);
        Assert.Equal((HttpStatusCode.NotFound, "yes"), (answer.StatusCode, answer.Headers.GetValues("X-Own").Single()));
        Assert.Equal($"PUT\n/a%2Fb/./c?q=%20\nlocalhost:{port}\n/v1/sandbox/test/port/{port}\n\nbody", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("", "/")]
    [InlineData("/", "/")]
    [InlineData("?a=b", "/?a=b")]
    [InlineData("//x", "//x")]
    public async Task Path_after_the_port_is_passed_to_the_program(string written, string seen)
    {
        await using WebApplication program = await ServeAsync(
            "127.0.0.1", context => context.Response.WriteAsync(context.Features.Get<IHttpRequestFeature>()!.RawTarget));
        Assert.Equal(seen, await agent.Http.GetStringAsync($"port/{PortOf(program)}{written}"));
    }

    [Fact]
    public async Task Response_without_a_body_passes_through()
    {
        await using WebApplication program = await ServeAsync("127.0.0.1", context =>
        {
            context.Response.StatusCode = 405;
            return Task.CompletedTask;
        });
        using HttpResponseMessage answer = await agent.Http.GetAsync($"port/{PortOf(program)}/x");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task Request_body_is_streamed()
    {
        string[] pieces = ["a", "few words", "and so on"];
        Channel<string> seen = Channel.CreateUnbounded<string>();
        await using WebApplication program = await ServeAsync("127.0.0.1", async context =>
        {
            byte[] buffer = new byte[100];
            for (int count; (count = await context.Request.Body.ReadAsync(buffer)) > 0;)
            {
                seen.Writer.TryWrite(Encoding.UTF8.GetString(buffer, 0, count));
            }

            await context.Response.WriteAsync("end");
        });
        System.IO.Pipelines.Pipe pipe = new();
        Task<HttpResponseMessage> asking = agent.Http.PostAsync($"port/{PortOf(program)}/", new UnbufferedContent(pipe.Reader), _deadline.Token);
        foreach (string piece in pieces)
        {
            await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes(piece));
            Assert.Equal(piece, await seen.Reader.ReadAsync(_deadline.Token));
        }

        await pipe.Writer.CompleteAsync();
        using HttpResponseMessage answer = await asking;
        Assert.Equal("end", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Response_body_is_streamed()
    {
        TaskCompletionSource[] seen = [new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously)];
        await using WebApplication program = await ServeAsync("127.0.0.1", async context =>
        {
            await context.Response.Body.FlushAsync();
            await seen[0].Task;
            await context.Response.WriteAsync("one\n");
            await context.Response.Body.FlushAsync();
            await seen[1].Task;
            await context.Response.WriteAsync("two\n");
        });
        using HttpResponseMessage answer = await agent.Http.GetAsync($"port/{PortOf(program)}/", HttpCompletionOption.ResponseHeadersRead, _deadline.Token);
        seen[0].SetResult();
        using StreamReader reader = new(await answer.Content.ReadAsStreamAsync());
        Assert.Equal("one", await reader.ReadLineAsync(_deadline.Token));
        seen[1].SetResult();
        Assert.Equal("two", await reader.ReadLineAsync(_deadline.Token));
    }

    [Fact]
    public async Task WebSocket_of_the_program_is_reached()
    {
        await using WebApplication program = await ServeAsync("127.0.0.1", async context =>
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync("chat");
            byte[] buffer = new byte[100];
            ValueWebSocketReceiveResult received = await socket.ReceiveAsync(buffer.AsMemory(), default);
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, true, default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
        });
        using ClientWebSocket client = new();
        client.Options.AddSubProtocol("chat");
        await client.ConnectAsync(new Uri($"ws://agent/v1/sandbox/test/port/{PortOf(program)}/live"), agent.Http, _deadline.Token);
        Assert.Equal("chat", client.SubProtocol);
        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, _deadline.Token);
        byte[] buffer = new byte[100];
        WebSocketReceiveResult echo = await client.ReceiveAsync(buffer, _deadline.Token);
        Assert.Equal((WebSocketMessageType.Text, "hello"), (echo.MessageType, Encoding.UTF8.GetString(buffer, 0, echo.Count)));
        WebSocketReceiveResult close = await client.ReceiveAsync(buffer, _deadline.Token);
        Assert.Equal((WebSocketMessageType.Close, "bye"), (close.MessageType, close.CloseStatusDescription));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("[::1]")]
    [InlineData("[::]")]
    public async Task IPv4_and_IPv6_listeners_are_found(string address)
    {
        await using WebApplication program = await ServeAsync(address, context => context.Response.WriteAsync("here"));
        int port = PortOf(program);
        Assert.Equal("here", await agent.Http.GetStringAsync($"port/{port}/"));
        Assert.Contains(port, (await agent.Http.GetFromJsonAsync("port", ProtocolJson.Default.PortList))!.Ports.Select(listening => listening.Port));
        using WebSocket tunnel = await TunnelAsync(port);
    }

    [Theory]
    [InlineData("port/{0}/")]
    [InlineData("tcp/{0}")]
    public async Task Port_without_a_listener_is_PortNotListening(string route)
    {
        using ReservedPort port = new();
        using HttpResponseMessage answer = await UpgradeAsync(string.Format(null, route, port.Number));
        Assert.Equal((HttpStatusCode.BadGateway, ErrorCodes.PortNotListening), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("port/0/")]
    [InlineData("port/70000/")]
    [InlineData("port/abc/")]
    [InlineData("port/-1/")]
    [InlineData("tcp/0")]
    [InlineData("tcp/70000")]
    public async Task Invalid_port_is_refused(string route)
    {
        using HttpResponseMessage answer = await UpgradeAsync(route);
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Raw_stream_requires_a_WebSocket_request()
    {
        using HttpResponseMessage answer = await agent.Http.GetAsync("tcp/80");
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Program_that_closes_before_it_responds_is_reported()
    {
        using TcpListener listener = Listen();
        Task<HttpResponseMessage> asking = agent.Http.GetAsync($"port/{PortOf(listener)}/", _deadline.Token);
        while (!asking.IsCompleted)
        {
            // A request that is safe to repeat is repeated a few times.
            Task<Socket> accepting = listener.AcceptSocketAsync(_deadline.Token).AsTask();
            if (await Task.WhenAny(accepting, asking) == accepting)
            {
                using Socket accepted = await accepting;
                Assert.NotEqual(0, await accepted.ReceiveAsync(new byte[1000], _deadline.Token));
            }
        }

        using HttpResponseMessage answer = await asking;
        Assert.Equal((HttpStatusCode.BadGateway, ErrorCodes.SandboxUnavailable), (answer.StatusCode, await ReadErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task One_direction_can_close_while_the_other_stays_open()
    {
        using TcpListener listener = Listen();
        using WebSocket tunnel = await TunnelAsync(PortOf(listener));
        using Socket program = await listener.AcceptSocketAsync(_deadline.Token);
        await SendAsync(tunnel, "question");
        await SendAsync(tunnel, "");
        Assert.Equal("question", await ReadToEndAsync(program));
        await program.SendAsync("answer"u8.ToArray());
        Assert.Equal("answer", await ReceiveAsync(tunnel));
        await program.SendAsync(" and more"u8.ToArray());
        Assert.Equal(" and more", await ReceiveAsync(tunnel));
        program.Shutdown(SocketShutdown.Both);
        Assert.Equal("", await ReceiveAsync(tunnel));
        await tunnel.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _deadline.Token);
    }

    [Fact]
    public async Task Close_by_the_program_is_sent_and_it_still_receives()
    {
        using TcpListener listener = Listen();
        using WebSocket tunnel = await TunnelAsync(PortOf(listener));
        using Socket program = await listener.AcceptSocketAsync(_deadline.Token);
        program.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReceiveAsync(tunnel));
        await SendAsync(tunnel, "late");
        await SendAsync(tunnel, "");
        Assert.Equal("late", await ReadToEndAsync(program));
    }

    [Fact]
    public async Task Reset_is_passed_on_as_a_reset_not_as_an_end()
    {
        using TcpListener listener = Listen();
        using (WebSocket tunnel = await TunnelAsync(PortOf(listener)))
        {
            using Socket program = await listener.AcceptSocketAsync(_deadline.Token);
            program.LingerState = new LingerOption(true, 0);
            program.Dispose();
            await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(tunnel));
        }

        using WebSocket second = await TunnelAsync(PortOf(listener));
        using Socket other = await listener.AcceptSocketAsync(_deadline.Token);
        second.Abort();
        SocketException reset = await Assert.ThrowsAsync<SocketException>(() => ReadToEndAsync(other));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [Fact]
    public async Task Program_that_does_not_read_blocks_the_sender_and_loses_nothing()
    {
        const int total = 64 * 1024 * 1024;
        using TcpListener listener = Listen();
        using WebSocket tunnel = await TunnelAsync(PortOf(listener));
        using Socket program = await listener.AcceptSocketAsync(_deadline.Token);
        using WebSocket otherTunnel = await TunnelAsync(PortOf(listener));
        using Socket other = await listener.AcceptSocketAsync(_deadline.Token);
        byte[] block = new byte[64 * 1024];
        Random.Shared.NextBytes(block);
        long sent = 0;
        Task sending = SendAllAsync(tunnel, () => Interlocked.Add(ref sent, block.Length));

        // An equal amount passes through another connection meanwhile; here only the buffers of kernel and agent have room.
        Task sendingToOther = SendAllAsync(otherTunnel, () => { });
        Assert.Equal(total, await ReceiveAllAsync(other));
        await sendingToOther;
        Assert.InRange(Interlocked.Read(ref sent), 0, total / 2);

        Assert.Equal(total, await ReceiveAllAsync(program));
        await sending;

        async Task SendAllAsync(WebSocket to, Action onSent)
        {
            for (int i = 0; i < total; i += block.Length)
            {
                await to.SendAsync(block, WebSocketMessageType.Binary, true, _deadline.Token);
                onSent();
            }

            await SendAsync(to, "");
        }

        async Task<long> ReceiveAllAsync(Socket from)
        {
            long received = 0;
            byte[] buffer = new byte[block.Length];
            for (int count; (count = await from.ReceiveAsync(buffer, _deadline.Token)) > 0; received += count)
            {
                // The limit applies to the wait for each read, not to the whole transfer.
                _deadline.CancelAfter(Wait.Limit);
                for (int i = 0; i < count; i += 997)
                {
                    Assert.Equal(block[(received + i) % block.Length], buffer[i]);
                }
            }

            return received;
        }
    }

    [Fact]
    public async Task Many_connections_are_open_at_once()
    {
        const int many = 200;
        using TcpListener listener = Listen();
        WebSocket[] tunnels = await Task.WhenAll(Enumerable.Range(0, many).Select(_ => TunnelAsync(PortOf(listener))));
        List<Socket> programs = [];
        for (int i = 0; i < many; i++)
        {
            programs.Add(await listener.AcceptSocketAsync(_deadline.Token));
        }

        await Task.WhenAll(tunnels.Select((tunnel, i) => SendAsync(tunnel, $"{i}")));
        string[] got = await Task.WhenAll(programs.Select(async program =>
        {
            byte[] buffer = new byte[10];
            return Encoding.UTF8.GetString(buffer, 0, await program.ReceiveAsync(buffer, _deadline.Token));
        }));
        Assert.Equal(Enumerable.Range(0, many), got.Select(int.Parse).Order());
        programs.ForEach(program => program.Dispose());
        Array.ForEach(tunnels, tunnel => tunnel.Dispose());
    }

    private static TcpListener Listen()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start(512);
        return listener;
    }

    private static int PortOf(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static int PortOf(WebApplication program) =>
        new Uri(program.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

    private static async Task<WebApplication> ServeAsync(string address, RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://{address}:0");
        WebApplication program = builder.Build();
        program.UseWebSockets();
        program.Run(answer);
        await program.StartAsync();
        return program;
    }

    private static async Task<string> ReadErrorCodeAsync(HttpResponseMessage answer) =>
        JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!.Code;

    private static Task SendAsync(WebSocket tunnel, string text) => tunnel.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, default);

    private async Task<string> ReceiveAsync(WebSocket tunnel)
    {
        byte[] buffer = new byte[1000];
        WebSocketReceiveResult received = await tunnel.ReceiveAsync(buffer, _deadline.Token);
        Assert.Equal(WebSocketMessageType.Binary, received.MessageType);
        return Encoding.UTF8.GetString(buffer, 0, received.Count);
    }

    private async Task<string> ReadToEndAsync(Socket socket)
    {
        MemoryStream all = new();
        byte[] buffer = new byte[1000];
        for (int count; (count = await socket.ReceiveAsync(buffer, _deadline.Token)) > 0;)
        {
            all.Write(buffer, 0, count);
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    private async Task<WebSocket> TunnelAsync(int port)
    {
        ClientWebSocket client = new();
        await client.ConnectAsync(new Uri($"ws://agent/v1/sandbox/test/tcp/{port}"), agent.Http, _deadline.Token);
        return client;
    }

    /// <summary>Response to a WebSocket upgrade request.</summary>
    private Task<HttpResponseMessage> UpgradeAsync(string path)
    {
        HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        return agent.Http.SendAsync(request, _deadline.Token);
    }

    public void Dispose() => _deadline.Dispose();
}

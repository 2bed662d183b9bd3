using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

public sealed class SandboxClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_method_requests_its_route()
    {
        List<string> asked = [];
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            string body = await new StreamReader(context.Request.Body).ReadToEndAsync(Token);
            string?[] parts = [context.Request.Method, context.Request.Path + context.Request.QueryString, context.Request.Headers[ApiHeaders.SessionId],
                context.Request.Headers[ApiHeaders.ProcessId], body];
            asked.Add(string.Join(' ', parts.Where(part => !string.IsNullOrEmpty(part))));
            await context.Response.WriteAsync(
                context.Request.Path.Value!.EndsWith("/env", StringComparison.Ordinal) ? """{"env":{},"secrets":[]}""" : "{}", Token);
        });
        SandboxClient client = new(server.Endpoint);
        await client.Sandbox("box").GetEnvironmentAsync(reveal: false, wake: true, Token);
        await client.Sandbox("box").Session("web").GetEnvironmentAsync(reveal: true, wake: false, Token);
        await client.Sandbox("box").Session("web").SetEnvironmentAsync(new() { Env = new() { ["A"] = null } }, Token);
        await client.Sandbox("box").RemoveAsync(Token);
        await client.Sandbox("box").Process("c1").SignalAsync("INT", Token);
        (await client.Sandbox("box").Session("web").Process("c1").ExecAsync(new() { Command = "true", TimeoutMs = 5 }, Token)).Dispose();
        Assert.StartsWith("""POST /v1/sandbox/box/exec web c1 {"command":"true",""", asked[^1], StringComparison.Ordinal);
        Assert.Equal(
            [
                "GET /v1/sandbox/box/env",
                "GET /v1/sandbox/box/env?reveal=true web",
                """PATCH /v1/sandbox/box/env web {"env":{"A":null}}""",
                "DELETE /v1/sandbox/box",
                """POST /v1/sandbox/box/process/c1/signal {"signal":"INT"}""",
            ], asked[..^1]);
    }

    [Fact]
    public async Task Input_is_streamed()
    {
        TaskCompletionSource first = new();
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            byte[] buffer = new byte[16];
            int count = await context.Request.Body.ReadAsync(buffer, Token);
            Assert.Equal("first"u8, buffer.AsSpan(0, count));
            first.SetResult();
            Assert.Equal("second", await new StreamReader(context.Request.Body).ReadToEndAsync(Token));
            context.Response.StatusCode = 204;
        });
        await new SandboxClient(server.Endpoint).Sandbox("box").Process("c1").SendInputAsync(async (stream, token) =>
        {
            await stream.WriteAsync("first"u8.ToArray(), token);
            await stream.FlushAsync(token);
            await first.Task.WaitAsync(Wait.Limit, token);
            await stream.WriteAsync("second"u8.ToArray(), token);
        }, Token);
    }

    [Fact]
    public async Task Request_says_when_it_must_not_start_a_stopped_sandbox()
    {
        List<string> wakes = [];
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            wakes.Add(context.Request.Headers[ApiHeaders.Wake].ToString());
            await context.Response.WriteAsync("""{"sessions":[]}""", Token);
        });
        SandboxClient client = new(server.Endpoint);
        await client.Sandbox("box").GetSessionsAsync(wake: true, Token);
        await client.Sandbox("box").GetSessionsAsync(wake: false, Token);
        Assert.Equal(["", "false"], wakes);
    }

    [Fact]
    public async Task Error_response_is_thrown()
    {
        ApiException failure = await FailAsync(404, "application/json", """{"error":"No such session.","code":"session_not_found","requestId":"r7"}""");
        Assert.Equal(("session_not_found", "No such session.", 404, "r7"), (failure.Code, failure.Message, failure.Status, failure.RequestId));
    }

    [Theory]
    [InlineData(401, "text/html", "<h1>no</h1>", "unauthorized")]
    [InlineData(404, "application/json", "{", "route_not_found")]
    [InlineData(502, "text/plain", "", "sandbox_unavailable")]
    [InlineData(500, "application/json", "{}", "internal_error")]
    [InlineData(302, "text/plain", "", "internal_error")]
    [InlineData(418, "application/json", "[1]", "invalid_request")]
    public async Task Unexpected_response_is_a_readable_error(int status, string type, string body, string code)
    {
        ApiException failure = await FailAsync(status, type, body);
        Assert.Equal((code, status), (failure.Code, failure.Status));
        Assert.DoesNotContain("<", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endless_error_response_is_not_read_completely()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (500, "application/json");
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.WriteAsync(new string(' ', 10_000), context.RequestAborted);
            }
        });
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => new SandboxClient(server.Endpoint).Sandbox("a").GetAsync(Token));
        Assert.Equal(ErrorCodes.InternalError, failure.Code);
    }

    [Fact]
    public async Task Unreadable_success_response_is_an_error()
    {
        ApiException failure = await FailAsync(200, "text/html", "<h1>hello</h1>");
        Assert.Equal(ErrorCodes.InternalError, failure.Code);
    }

    [Fact]
    public async Task Missing_server_is_ServerUnreachable()
    {
        await Assert.ThrowsAsync<ServerUnreachableException>(() => new SandboxClient(ServerEndpoint.Parse("unix:/nosuch/socket")).GetServerAsync(Token));

        // A port that is bound but not listened on.
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await Assert.ThrowsAsync<ServerUnreachableException>(
            () => new SandboxClient(ServerEndpoint.Parse($"http://{taken.LocalEndPoint}")).GetServerAsync(Token));
    }

    [Fact]
    public async Task Missing_server_is_started_once_and_the_request_is_repeated()
    {
        await using StubServer server = StubServer.Create(context => context.Response.WriteAsync("""{"sandboxes":[]}""", Token));
        int starts = 0;
        SandboxClient client = new(server.Endpoint, restart: async _ =>
        {
            starts++;
            await server.StartAsync();
        });
        Assert.Empty(await client.GetSandboxesAsync(Token));
        Assert.Empty(await client.GetSandboxesAsync(Token));
        Assert.Equal(1, starts);
    }

    [Fact]
    public async Task Request_that_reached_the_server_is_not_repeated()
    {
        int requests = 0;
        await using StubServer server = await StubServer.StartAsync(context =>
        {
            requests++;
            context.Abort();
            return Task.CompletedTask;
        });
        SandboxClient client = new(server.Endpoint, restart: _ => throw new InvalidOperationException("not to be started"));
        await Assert.ThrowsAsync<ConnectionLostException>(() => client.CreateSandboxAsync(new(), Token));
        Assert.Equal(1, requests);
    }

    [Fact]
    public async Task Request_times_out()
    {
        await using StubServer server = await StubServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        SandboxClient client = new(server.Endpoint, limits: new() { Request = TimeSpan.FromMilliseconds(100) });
        await Assert.ThrowsAsync<TimeoutException>(() => client.GetServerAsync(Token));
    }

    [Fact]
    public async Task Cancellation_is_not_a_timeout()
    {
        await using StubServer server = await StubServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using CancellationTokenSource stop = new(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new SandboxClient(server.Endpoint).GetServerAsync(stop.Token));
    }

    [Fact]
    public async Task Key_is_sent_and_never_shown()
    {
        string? sent = null;
        List<string> traces = [];
        await using StubServer server = await StubServer.StartAsync(context =>
        {
            sent = context.Request.Headers.Authorization;
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        SandboxClient client = new SandboxClient(server.Endpoint, "k3y-s3cret").WithTrace(trace => traces.Add(trace.ToString()));
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => client.Sandbox("box").GetAsync(Token));
        Assert.Equal("Bearer k3y-s3cret", sent);
        Assert.StartsWith("GET v1/sandbox/box 401 ", Assert.Single(traces), StringComparison.Ordinal);
        Assert.DoesNotContain("k3y", failure + traces[0], StringComparison.Ordinal);
        ApiException malformed = Assert.Throws<ApiException>(() => new SandboxClient(server.Endpoint, "k3y\n"));
        Assert.DoesNotContain("k3y", malformed.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../server")]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("")]
    public async Task Invalid_id_is_never_part_of_an_address(string id)
    {
        SandboxClient client = new(ServerEndpoint.Parse("unix:/nosuch/socket"));
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => client.Sandbox(id).GetAsync(Token));
        Assert.Equal(ErrorCodes.InvalidRequest, failure.Code);
        await Assert.ThrowsAsync<ApiException>(() => client.Sandbox("ok").Session(id).GetSessionAsync(Token));
        await Assert.ThrowsAsync<ApiException>(() => client.Sandbox("ok").Process(id).SignalAsync("INT", Token));
    }

    [Theory]
    [InlineData("unix:relative")]
    [InlineData("ftp://host")]
    [InlineData("host:80")]
    [InlineData("https://user:pw@host")]
    [InlineData("https://host/?q")]
    public void Invalid_address_is_refused_without_quoting_it(string address)
    {
        ApiException failure = Assert.Throws<ApiException>(() => ServerEndpoint.Parse(address));
        Assert.DoesNotContain("pw", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<ApiException> FailAsync(int status, string type, string body)
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            (context.Response.StatusCode, context.Response.ContentType) = (status, type);
            await context.Response.WriteAsync(body, Token);
        });
        return await Assert.ThrowsAsync<ApiException>(() => new SandboxClient(server.Endpoint).Sandbox("a").GetAsync(Token));
    }
}

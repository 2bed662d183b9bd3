using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>What the server forwards between client and agent, whatever a hostile agent sends.</summary>
/// <remarks>Each test has its own server and agent: a pooled connection closed by the agent of one test could be used for the request of the next.</remarks>
public sealed class HostileAgentTests : IAsyncLifetime
{
    private const string Route = "v1/sandbox/fake/anything";
    private readonly TestServer _server = TestServer.Prepare(TestMachine.CurrentUser);
    private readonly FakeAgent _agent;
    private readonly HttpClient _client;

    public HostileAgentTests()
    {
        _agent = FakeAgent.Install(_server);
        _client = _server.Client;
    }

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync()
    {
        _agent.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Request_is_forwarded_unchanged_without_the_credentials_of_the_caller()
    {
        HttpRequestMessage request = new(HttpMethod.Post, Route + "/a%2Fb/%C3%A4?q=%20x&y") { Content = new StringContent("body") };
        request.Headers.Add("Authorization", "Bearer key");
        request.Headers.Add("Cookie", "c=1");
        request.Headers.Add("Session-Id", "s");
        Task<HttpResponseMessage> answering = _client.SendAsync(request);
        string seen = await _agent.AnswerAsync("HTTP/1.1 418 Teapot\r\nSession-Id: s\r\nContent-Length: 2\r\n\r\nhi");
        using HttpResponseMessage answer = await answering;
        Assert.StartsWith("POST /v1/sandbox/fake/anything/a%2Fb/%C3%A4?q=%20x&y HTTP/1.1\r\n", seen, StringComparison.Ordinal);
        Assert.Contains("Session-Id: s\r\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", seen, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Cookie", seen, StringComparison.OrdinalIgnoreCase);
        Assert.Equal((418, "hi", "s"), ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.GetValues("Session-Id").Single()));
    }

    [Fact]
    public async Task Agent_response_cannot_pass_for_one_of_the_server()
    {
        Task<HttpResponseMessage> answering = _client.GetAsync(Route);
        await _agent.AnswerAsync(
            "HTTP/1.1 302 Found\r\nLocation: /v1/sandbox\r\nSet-Cookie: a=b\r\n"
            + "Server: x\r\nRequest-Id: mine\r\nAnswered-By: server\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n");
        using HttpResponseMessage answer = await answering;

        // The redirect is not followed, and headers of the server cannot be set by the agent.
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal(["Answered-By", "Content-Length", "Date", "Location", "Request-Id"],
            answer.Headers.Concat(answer.Content.Headers).Select(header => header.Key).Order());
        Assert.Equal("sandbox", Assert.Single(answer.Headers.GetValues("Answered-By")));
        Assert.NotEqual("mine", Assert.Single(answer.Headers.GetValues("Request-Id")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("rubbish\r\n\r\n")]
    [InlineData("HTTP/1.1 999999 X\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")]
    public async Task Invalid_agent_response_is_SandboxUnavailable(string bytes)
    {
        using CancellationTokenSource answered = new();
        Task<HttpResponseMessage> answering = _client.GetAsync(Route);
        Task noting = answering.ContinueWith(_ => answered.Cancel(), TaskScheduler.Default);
        int asked = 0;
        try
        {
            // The server may repeat the request after a connection that closed without any response.
            for (; ; asked++)
            {
                await _agent.AnswerAsync(bytes, answered.Token);
            }
        }
        catch (OperationCanceledException) when (answering.IsCompleted)
        {
            Assert.NotEqual(0, asked);
        }

        await noting;
        await AssertUnavailableAsync(await answering);
    }

    [Fact]
    public async Task Endless_headers_are_cut_off()
    {
        Task<HttpResponseMessage> answering = _client.GetAsync(Route);
        (NetworkStream connection, _) = await _agent.AcceptAsync();
        await using (connection)
        {
            await connection.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n"));
            byte[] header = Encoding.ASCII.GetBytes($"X-{new string('a', 100)}: {new string('b', 900)}\r\n");
            try
            {
                for (int i = 0; i < 100; i++)
                {
                    await connection.WriteAsync(header);
                }
            }
            catch (IOException)
            {
                // The server closed the connection.
            }

            await AssertUnavailableAsync(await answering);
        }
    }

    [Fact]
    public async Task Output_is_streamed_to_the_client_and_a_break_is_not_an_end()
    {
        Task<HttpResponseMessage> answering = _client.GetAsync(Route, HttpCompletionOption.ResponseHeadersRead);
        (NetworkStream connection, _) = await _agent.AcceptAsync();
        await using (connection)
        {
            await connection.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"));
            using HttpResponseMessage answer = await answering;
            Stream stream = await answer.Content.ReadAsStreamAsync();
            byte[] buffer = new byte[16];
            foreach (string part in (string[])["a", "b", "c"])
            {
                await connection.WriteAsync(Encoding.ASCII.GetBytes($"1\r\n{part}\r\n"));
                Assert.Equal(1, await stream.ReadAsync(buffer).AsTask().WaitAsync(Wait.Limit));
                Assert.Equal(part, Encoding.ASCII.GetString(buffer, 0, 1));
            }

            connection.Close();
            await Assert.ThrowsAnyAsync<IOException>(async () => await stream.ReadAsync(buffer).AsTask().WaitAsync(Wait.Limit));
        }
    }

    [Fact]
    public async Task Disconnect_of_the_client_reaches_the_agent()
    {
        using CancellationTokenSource going = new();
        Task<HttpResponseMessage> answering = _client.GetAsync(Route, going.Token);
        (NetworkStream connection, _) = await _agent.AcceptAsync();
        await using (connection)
        {
            await going.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answering);
            Assert.Equal(0, await connection.ReadAsync(new byte[1]).AsTask().WaitAsync(Wait.Limit));
        }
    }

    [Fact]
    public async Task Large_body_is_streamed()
    {
        byte[] large = new byte[5 << 20];
        Task<HttpResponseMessage> answering = _client.PutAsync(Route, new ByteArrayContent(large));
        (NetworkStream connection, string seen) = await _agent.AcceptAsync();
        await using (connection)
        {
            Assert.Contains($"Content-Length: {large.Length}\r\n", seen, StringComparison.Ordinal);
            int left = large.Length - (seen.Length - seen.IndexOf("\r\n\r\n", StringComparison.Ordinal) - 4);
            byte[] buffer = new byte[1 << 16];
            while (left > 0)
            {
                left -= await connection.ReadAsync(buffer);
            }

            await connection.WriteAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
            Assert.Equal(HttpStatusCode.OK, (await answering).StatusCode);
        }
    }

    private static async Task AssertUnavailableAsync(HttpResponseMessage answer)
    {
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((HttpStatusCode.BadGateway, ErrorCodes.SandboxUnavailable), (answer.StatusCode, error.Code));
        answer.Dispose();
    }
}

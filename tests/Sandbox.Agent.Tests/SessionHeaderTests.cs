using System.Net;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>The request header that selects a session.</summary>
public sealed class SessionHeaderTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Theory]
    [InlineData("GET", "file/etc/hostname")]
    [InlineData("PUT", "file/tmp/never-written")]
    [InlineData("DELETE", "file/tmp/never-written")]
    [InlineData("GET", "directory/etc")]
    [InlineData("PUT", "directory/tmp/never-made")]
    [InlineData("GET", "item?path=/etc")]
    [InlineData("POST", "persist?path=/etc")]
    [InlineData("POST", "hydrate?path=/tmp/never-made")]
    [InlineData("GET", "process")]
    [InlineData("POST", "process", """{"command":"true"}""")]
    [InlineData("POST", "process/signal", """{"signal":"TERM"}""")]
    [InlineData("GET", "process/none/output")]
    [InlineData("GET", "session")]
    [InlineData("POST", "session", "{}")]
    [InlineData("GET", "port")]
    [InlineData("POST", "exec", """{"command":"true"}""")]
    public async Task Unknown_session_is_404_on_every_route(string method, string path, string? body = null)
    {
        using HttpResponseMessage answer = await agent.SendAsync(new HttpMethod(method), path, body, session: "unknown");

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(ErrorCodes.SessionNotFound, await AgentFixture.ReadErrorCodeAsync(answer));
    }

    [Fact]
    public async Task Repeated_command_is_found_after_its_session_was_deleted()
    {
        string session = await agent.NewSessionAsync();
        Assert.Equal("done\n", (await agent.RunAsync(session, new { command = "echo done" }, "repeated")).Output);
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, "session/" + session, null);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);

        CommandResult again = await agent.RunAsync(session, new { command = "echo done" }, "repeated");

        Assert.Equal("done\n", again.Output);
    }

    [Fact]
    public async Task Known_session_is_accepted_on_routes_that_do_not_need_it()
    {
        string session = await agent.NewSessionAsync();

        using HttpResponseMessage answer = await agent.SendAsync(HttpMethod.Get, "directory/etc", null, session);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}

using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>Memory is bounded whatever a server or sandbox sends.</summary>
public sealed class ResponseLimitTests
{
    private const string CodeEnd = "event: exit\ndata: {\"timedOut\":false,\"cancelled\":false,\"restarted\":false,\"durationMs\":1}\n\n";

    private const string CommandEnd = "event: exit\ndata: {\"exitCode\":0,\"durationMs\":1}\n\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Large_JSON_response_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("application/json", "{\"sandboxes\":[", "]}");
        await AssertTooLargeAsync(() => new SandboxClient(server.Endpoint).GetSandboxesAsync(Token));
    }

    [Fact]
    public async Task Large_code_event_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("text/event-stream", "event: new-kind\ndata: ", "\n\n" + CodeEnd);
        await AssertTooLargeAsync(() => RunCodeAsync(server));
    }

    [Fact]
    public async Task Event_of_many_lines_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("text/event-stream", "event: new-kind\r\n", "\r\n\r\n" + CodeEnd,
            "data: " + new string('x', 1024) + "\r\n");
        await AssertTooLargeAsync(() => RunCodeAsync(server));
    }

    [Fact]
    public async Task Many_events_that_are_large_together_are_read()
    {
        await using StubServer server = await StartAsync("text/event-stream", "", CodeEnd, "event: new-kind\r\ndata: " + new string('x', 1024) + "\r\n\r\n");
        Assert.Single(await RunCodeAsync(server));
    }

    [Fact]
    public async Task Large_command_event_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("text/event-stream", "event: new-kind\ndata: ", "\n\n" + CommandEnd);
        await AssertTooLargeAsync(async () =>
        {
            using CommandReader reader = await new SandboxClient(server.Endpoint).Sandbox("box").Process("c1").ExecAsync(new() { Command = "true" }, Token);
            await foreach (CommandEvent current in reader.ReadAsync(Token))
            {
                Assert.IsType<CommandExit>(current);
            }
        });
    }

    [Fact]
    public async Task Large_entry_of_a_directory_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("application/x-ndjson", "{\"path\":\"/a\",\"type\":\"file\"", "}\n");
        await AssertTooLargeAsync(async () => await new SandboxClient(server.Endpoint).Sandbox("box").Item("/").ListAsync(new(), Token).CountAsync(Token));
    }

    [Fact]
    public async Task Large_watch_event_is_ResponseTooLarge()
    {
        await using StubServer server = await StartAsync("text/event-stream", "event: new-kind\ndata: ", "\n\nevent: stopped\ndata: {}\n\n");
        await AssertTooLargeAsync(async () =>
            await new SandboxClient(server.Endpoint).Sandbox("box").Item("/").WatchAsync(false, null, [], Token).CountAsync(Token));
    }

    [Fact]
    public async Task Large_error_response_keeps_the_meaning_of_its_status()
    {
        await using StubServer server = await StartAsync("application/json", "{\"code\":\"internal_error\",\"error\":\"x\"", "}", status: 404);
        ApiException failure = await Assert.ThrowsAsync<ApiException>(() => new SandboxClient(server.Endpoint).GetSandboxesAsync(Token));
        Assert.Equal(ErrorCodes.RouteNotFound, failure.Code);
    }

    private static async Task AssertTooLargeAsync(Func<Task> request) =>
        Assert.Equal(ErrorCodes.ResponseTooLarge, (await Assert.ThrowsAsync<ApiException>(request)).Code);

    private static async Task<List<CodeEvent>> RunCodeAsync(StubServer server)
    {
        using CodeReader reader = await new SandboxClient(server.Endpoint).Sandbox("box").Context("context").RunAsync(new() { Code = "1" }, Token);
        List<CodeEvent> events = [];
        await foreach (CodeEvent current in reader.ReadAsync(Token))
        {
            events.Add(current);
        }

        return events;
    }

    // Valid without a limit: white space, unknown fields and unknown events are skipped.
    private static Task<StubServer> StartAsync(string type, string begin, string end, string? filling = null, int status = 200) =>
        StubServer.StartAsync(async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        byte[] piece = Encoding.ASCII.GetBytes(filling ?? new string(' ', 1024));
        await context.Response.WriteAsync(begin, context.RequestAborted);
        for (long sent = 0; sent <= BoundedStream.Limit * 1.1; sent += piece.Length)
        {
            await context.Response.Body.WriteAsync(piece, context.RequestAborted);
        }

        await context.Response.WriteAsync(end, context.RequestAborted);
    });
}

using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

public sealed class CommandReaderTests
{
    private const string Exit = "event: exit\ndata: {\"exit_code\":0}\n\n";

    // Retries after a break have their own tests.
    private static readonly ClientTimeouts OnceOnly = new() { Resume = TimeSpan.Zero };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_come_in_order_with_exact_bytes()
    {
        List<CommandEvent> events = await ReadAsync(
            $": hello\n\nevent: stdout\ndata: {Base64(0, 255, 10)}\n\nevent: new-kind\ndata: ?\n\nevent: stderr\ndata: {Base64(1)}\n\n{Exit}");
        Assert.Collection(events,
            first => Assert.Equal((OutputChannel.Output, "00FF0A"), (((CommandOutput)first).Channel, Convert.ToHexString(((CommandOutput)first).Data.Span))),
            second => Assert.Equal((OutputChannel.Error, "01"), (((CommandOutput)second).Channel, Convert.ToHexString(((CommandOutput)second).Data.Span))),
            third => Assert.Equal(0, ((CommandExit)third).Exit.ExitCode));
    }

    [Fact]
    public async Task Frames_read_the_same_however_they_are_split()
    {
        byte[] frames = [.. Frame(FrameKind.StandardOutput, 0, 255, 10), .. Frame(FrameKind.Heartbeat), .. Frame((FrameKind)99, 7),
            .. Frame(FrameKind.StandardError, 1), .. Frame(FrameKind.Exit, "{\"exit_code\":3}"u8.ToArray())];
        foreach (int chunk in new[] { 1, 3, 1000 })
        {
            List<CommandEvent> events = await ReadAsync(frames, CommandFrame.MediaType, chunk);
            Assert.Equal(["00FF0A", "01", "3"],
                events.Select(current => current is CommandOutput output ? Convert.ToHexString(output.Data.Span) : $"{((CommandExit)current).Exit.ExitCode}"));
        }
    }

    [Fact]
    public async Task Malformed_frame_is_ConnectionLost_and_error_frame_is_thrown()
    {
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync([], CommandFrame.MediaType));
        await Assert.ThrowsAsync<ConnectionLostException>(
            () => ReadAsync(Frame(FrameKind.Exit, "{\"exit_code\":3}"u8.ToArray())[..^1], CommandFrame.MediaType));
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync([1, 255, 255, 255, 255], CommandFrame.MediaType));
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync(Frame(FrameKind.Exit, "{"u8.ToArray()), CommandFrame.MediaType));
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => ReadAsync(Frame(FrameKind.Error, """{"error":"Gone.","code":"session_closed"}"""u8.ToArray()), CommandFrame.MediaType));
        Assert.Equal("session_closed", failure.Code);
    }

    [Fact]
    public async Task Largest_frame_is_read_completely()
    {
        byte[] payload = new byte[CommandFrame.MaximumPayload];
        payload[^1] = 42;
        List<CommandEvent> events = await ReadAsync(
            [.. Frame(FrameKind.StandardOutput, payload), .. Frame(FrameKind.Exit, "{\"exit_code\":0}"u8.ToArray())], CommandFrame.MediaType);
        Assert.True(((CommandOutput)events[0]).Data.Span.SequenceEqual(payload));
    }

    [Fact]
    public async Task Stream_written_byte_by_byte_reads_the_same()
    {
        List<CommandEvent> events = await ReadAsync($"event: stdout\r\ndata: {Base64(1, 2, 3)}\r\n\r\n{Exit}", 1);
        Assert.Equal("010203", Convert.ToHexString(((CommandOutput)events[0]).Data.Span));
        Assert.IsType<CommandExit>(events[1]);
    }

    [Fact]
    public async Task Exit_event_has_all_its_fields()
    {
        List<CommandEvent> events = await ReadAsync(
            "event: exit\ndata: {\"exit_code\":137,\"signal\":\"KILL\",\"timedOut\":true,\"cancelled\":true,\"shellRestarted\":true," +
            "\"durationMs\":1.5,\"startedAt\":\"2026-01-02T03:04:05Z\"}\n\n");
        ExecExit exit = ((CommandExit)Assert.Single(events)).Exit;
        Assert.Equal((137, "KILL", true, true, true, 1.5), (exit.ExitCode, exit.Signal, exit.TimedOut, exit.Cancelled, exit.ShellRestarted, exit.DurationMs));
    }

    [Theory]
    [InlineData("")]
    [InlineData("event: stdout\ndata: AA==\n\n")]
    [InlineData("event: stdout\ndata: not base64!\n\n")]
    [InlineData("event: exit\ndata: {\"exit_code\":\n\n")]
    [InlineData("event: exit\ndata: {\"exit_code\":0}")]
    public async Task Stream_without_an_exit_is_ConnectionLost(string text) =>
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync(text));

    [Fact]
    public async Task Broken_connection_is_ConnectionLost()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            await context.Response.WriteAsync("event: stdout\ndata: AA==\n\n", Token);
            await context.Response.Body.FlushAsync(Token);
            context.Abort();
        });
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAllAsync(new SandboxClient(server.Endpoint, limits: OnceOnly)));
    }

    [Fact]
    public async Task Error_event_is_thrown()
    {
        ApiException failure = await Assert.ThrowsAsync<ApiException>(
            () => ReadAsync("event: error\ndata: {\"error\":\"Gone.\",\"code\":\"session_closed\",\"requestId\":\"r1\"}\n\n"));
        Assert.Equal(("session_closed", "Gone.", "r1"), (failure.Code, failure.Message, failure.RequestId));
    }

    [Fact]
    public async Task Silence_beyond_the_idle_timeout_is_ConnectionLost()
    {
        await using StubServer silent = await StubServer.StartAsync(async context =>
        {
            await context.Response.Body.FlushAsync(Token);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        ClientTimeouts limits = OnceOnly with { Idle = TimeSpan.FromMilliseconds(100) };
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAllAsync(new SandboxClient(silent.Endpoint, limits: limits)));
    }

    [Fact]
    public async Task Reader_does_not_read_ahead()
    {
        const int chunks = 1000;
        string chunk = $"event: stdout\ndata: {Convert.ToBase64String(new byte[48 * 1024])}\n\n";
        int written = 0;
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            bool isCounted = context.Request.Headers[ApiHeaders.ProcessId] == "slow";
            for (int i = 0; i < chunks; i++)
            {
                await context.Response.WriteAsync(chunk, context.RequestAborted);
                Interlocked.Add(ref written, isCounted ? 1 : 0);
            }

            await context.Response.WriteAsync(Exit, context.RequestAborted);
        });
        SandboxClient client = new(server.Endpoint);
        using CommandReader slow = await client.Sandbox("a").Process("slow").ExecAsync(new(), Token);
        await using IAsyncEnumerator<CommandEvent> events = slow.ReadAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());

        // Another reader receives as much meanwhile; here only the buffers have room.
        Assert.Equal(chunks + 1, (await ReadAllAsync(client)).Count);
        Assert.InRange(Volatile.Read(ref written), 0, chunks / 5);
    }

    [Fact]
    public async Task Cancellation_stops_the_reader_with_the_token_of_the_caller()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            await context.Response.Body.FlushAsync(Token);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using CancellationTokenSource stop = new();
        using CommandReader reader = await new SandboxClient(server.Endpoint).Sandbox("a").Process("c").ExecAsync(new(), Token);
        await using IAsyncEnumerator<CommandEvent> events = reader.ReadAsync(stop.Token).GetAsyncEnumerator(Token);
        ValueTask<bool> next = events.MoveNextAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private static Task<List<CommandEvent>> ReadAsync(string text, int chunk = int.MaxValue) =>
        ReadAsync(Encoding.UTF8.GetBytes(text), "text/event-stream", chunk);

    private static async Task<List<CommandEvent>> ReadAsync(byte[] body, string type, int chunk = int.MaxValue)
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            context.Response.ContentType = type;
            foreach (byte[] part in body.Chunk(chunk))
            {
                await context.Response.Body.WriteAsync(part, Token);
                await context.Response.Body.FlushAsync(Token);
            }
        });
        return await ReadAllAsync(new SandboxClient(server.Endpoint, limits: OnceOnly));
    }

    private static byte[] Frame(FrameKind kind, params byte[] payload)
    {
        byte[] frame = new byte[CommandFrame.HeaderLength + payload.Length];
        CommandFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame, CommandFrame.HeaderLength);
        return frame;
    }

    private static async Task<List<CommandEvent>> ReadAllAsync(SandboxClient client)
    {
        using CommandReader reader = await client.Sandbox("a").Process("c").ExecAsync(new() { Command = "true" }, Token);
        List<CommandEvent> events = [];
        await foreach (CommandEvent current in reader.ReadAsync(Token))
        {
            events.Add(current);
        }

        return events;
    }

    private static string Base64(params byte[] bytes) => Convert.ToBase64String(bytes);
}

using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;

namespace Sandbox.Client.Tests;

/// <summary>A broken stream is resumed and the command is not run again.</summary>
public sealed class ResumeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(CommandFrame.MediaType)]
    [InlineData("text/event-stream")]
    public async Task Broken_stream_resumes_at_the_last_byte(string type)
    {
        // Every response ends after three bytes without an exit, so the stream breaks several times.
        byte[] output = Encoding.ASCII.GetBytes("0123456789");
        ConcurrentQueue<string> asked = new();
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            asked.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            int from = context.Request.Method == "POST" ? 0 : int.Parse(context.Request.Query["from"].ToString().Split(',')[0], null);
            context.Response.ContentType = type;
            byte[] part = output[from..Math.Min(from + 3, output.Length)];
            if (part.Length > 0)
            {
                await context.Response.Body.WriteAsync(Event(type, FrameKind.StandardOutput, part), Token);
                return;
            }

            await context.Response.Body.WriteAsync(Event(type, FrameKind.Exit, """{"exit_code":3}"""u8.ToArray()), Token);
        });
        (string text, int exitCode) = await ReadAsync(new SandboxClient(server.Endpoint));
        Assert.Equal(("0123456789", 3), (text, exitCode));
        Assert.Equal(
            ["POST /v1/sandbox/a/exec", .. new[] { 3, 6, 9, 10 }.Select(from => $"GET /v1/sandbox/a/process/c/output?from={from},0&follow=true")], asked);
    }

    [Fact]
    public async Task Stream_broken_within_a_frame_resumes_at_the_last_byte()
    {
        byte[] output = Encoding.ASCII.GetBytes("0123456789");
        ConcurrentQueue<string> asked = new();
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            asked.Enqueue(context.Request.Query["from"].ToString());
            int from = context.Request.Method == "POST" ? 0 : int.Parse(asked.Last().Split(',')[0], null);
            context.Response.ContentType = CommandFrame.MediaType;
            byte[] frame = Event(CommandFrame.MediaType, FrameKind.StandardOutput, output[from..]);
            int sent = Math.Min(frame.Length, CommandFrame.HeaderLength + 4);
            await context.Response.Body.WriteAsync(frame.AsMemory(0, sent), Token);
            if (sent == frame.Length)
            {
                await context.Response.Body.WriteAsync(Event(CommandFrame.MediaType, FrameKind.Exit, """{"exit_code":3}"""u8.ToArray()), Token);
            }
        });
        Assert.Equal(("0123456789", 3), await ReadAsync(new SandboxClient(server.Endpoint)));
        Assert.Equal(["", "4,0", "8,0"], asked);
    }

    [Fact]
    public async Task Break_before_the_first_byte_repeats_the_request()
    {
        ConcurrentQueue<string> asked = new();
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            using StreamReader body = new(context.Request.Body);
            asked.Enqueue($"{context.Request.Method} {context.Request.Headers[ApiHeaders.ProcessId]} {await body.ReadToEndAsync(Token)}");
            if (asked.Count < 3)
            {
                context.Abort();
                return;
            }

            await context.Response.Body.WriteAsync(Event("", FrameKind.Exit, """{"exit_code":0}"""u8.ToArray()), Token);
        });
        (string text, int exitCode) = await ReadAsync(new SandboxClient(server.Endpoint));
        Assert.Equal(("", 0), (text, exitCode));
        Assert.Equal(3, asked.Count);
        Assert.Single(asked.Distinct());
        Assert.StartsWith("POST c ", asked.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gap_is_reported_with_its_size_and_moves_the_cursor()
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            byte[] place = new byte[OutputCursor.Length];
            new OutputCursor(100, 7).Write(place);
            context.Response.ContentType = CommandFrame.MediaType;
            await context.Response.Body.WriteAsync(Event(CommandFrame.MediaType, FrameKind.Position, place), Token);
            await context.Response.Body.WriteAsync(Event(CommandFrame.MediaType, FrameKind.StandardOutput, [65]), Token);
            await context.Response.Body.WriteAsync(Event(CommandFrame.MediaType, FrameKind.Pause, place), Token);
        });
        using CommandReader reader = await new SandboxClient(server.Endpoint).Sandbox("a").Process("p").ReadOutputAsync(new(90, 5), follow: false, Token);
        List<CommandEvent> events = [];
        await foreach (CommandEvent current in reader.ReadAsync(Token))
        {
            events.Add(current);
        }

        Assert.Equal(12, Assert.IsType<OutputGap>(events[0]).Missing);
        Assert.IsType<EndOfAvailableOutput>(events[2]);
        Assert.Equal(new OutputCursor(101, 7), reader.Cursor);
    }

    [Theory]
    [InlineData(404, ErrorCodes.ProcessNotFound)]
    [InlineData(404, ErrorCodes.RouteNotFound)]
    public async Task Output_that_was_not_kept_is_ConnectionLost(int status, string code)
    {
        await using StubServer server = await StubServer.StartAsync(async context =>
        {
            if (context.Request.Method == "POST")
            {
                await context.Response.Body.FlushAsync(Token);
                return;
            }

            context.Response.StatusCode = status;
            await context.Response.WriteAsync($$"""{"error":"No.","code":"{{code}}"}""", Token);
        });
        await Assert.ThrowsAsync<ConnectionLostException>(() => ReadAsync(new SandboxClient(server.Endpoint)));
    }

    [Fact]
    public async Task Server_that_does_not_return_is_ConnectionLost_after_all_retries()
    {
        StubServer server = await StubServer.StartAsync(async context =>
        {
            await context.Response.Body.FlushAsync(Token);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        SandboxClient client = new(server.Endpoint, limits: new() { Resume = TimeSpan.FromMilliseconds(300) });
        using CommandReader reader = await client.Sandbox("a").Process("c").ExecAsync(new() { Command = "true" }, Token);
        await server.DisposeAsync();
        await Assert.ThrowsAsync<ConnectionLostException>(async () =>
        {
            await foreach (CommandEvent _ in reader.ReadAsync(Token))
            {
            }
        });
    }

    private static byte[] Event(string type, FrameKind kind, byte[] payload)
    {
        if (type == CommandFrame.MediaType)
        {
            byte[] frame = new byte[CommandFrame.HeaderLength + payload.Length];
            CommandFrame.WriteHeader(frame, kind, payload.Length);
            payload.CopyTo(frame, CommandFrame.HeaderLength);
            return frame;
        }

        string data = kind == FrameKind.Exit ? Encoding.ASCII.GetString(payload) : Convert.ToBase64String(payload);
        return Encoding.ASCII.GetBytes($"event: {(kind == FrameKind.Exit ? "exit" : "stdout")}\ndata: {data}\n\n");
    }

    private static async Task<(string Text, int ExitCode)> ReadAsync(SandboxClient client)
    {
        using CommandReader reader = await client.Sandbox("a").Process("c").ExecAsync(new() { Command = "true" }, Token);
        StringBuilder text = new();
        await foreach (CommandEvent current in reader.ReadAsync(Token))
        {
            if (current is CommandExit end)
            {
                return (text.ToString(), end.Exit.ExitCode);
            }

            text.Append(Encoding.ASCII.GetString(((CommandOutput)current).Data.Span));
        }

        throw new InvalidOperationException("The stream ended without a last event.");
    }
}

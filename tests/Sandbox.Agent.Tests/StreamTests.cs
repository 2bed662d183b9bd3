using System.Text;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class StreamTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Frames_carry_the_same_bytes_as_events()
    {
        string session = await agent.NewSessionAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "exec")
        {
            Content = new StringContent("""{"command":"printf 'a\\0b'; printf err >&2; exit 3"}""", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add(ApiHeaders.SessionId, session);
        request.Headers.Add("Accept", CommandFrame.MediaType);
        using HttpResponseMessage answer = await agent.Http.SendAsync(request);
        Assert.Equal(CommandFrame.MediaType, answer.Content.Headers.ContentType!.MediaType);
        Dictionary<FrameKind, string> content = Read(await answer.Content.ReadAsByteArrayAsync());
        Assert.Equal("a\0b", content[FrameKind.StandardOutput]);
        Assert.Equal("err", content[FrameKind.StandardError]);
        Assert.Equal(3, JsonSerializer.Deserialize(content[FrameKind.Exit], ProtocolJson.Default.ExecExit)!.ExitCode);
    }

    [Fact]
    public async Task Output_is_streamed_without_waiting_for_complete_lines()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = $"printf half; {gate.Await}; echo ' line'" }, session);
        Stream body = await answer.Content.ReadAsStreamAsync();
        using CancellationTokenSource limit = new(Wait.Limit);
        using StreamReader reader = new(body);
        string? line;
        while ((line = await reader.ReadLineAsync(limit.Token)) is not null && !line.StartsWith("data: ", StringComparison.Ordinal))
        {
        }

        Assert.Equal("half", Encoding.UTF8.GetString(Convert.FromBase64String(line![6..])));
        gate.Open();
        Assert.Contains(Convert.ToBase64String(" line\n"u8), await reader.ReadToEndAsync(limit.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("head -c 30000000 /dev/zero | tr '\\0' x", 30_000_000)]
    [InlineData("seq 1 100000", 588_895)]
    [InlineData("head -c 1000000 /dev/zero | tr '\\0' y; echo", 1_000_001)]
    public async Task Output_of_any_size_is_complete(string command, int length)
    {
        string session = await agent.NewSessionAsync();
        Assert.Equal(length, (await agent.RunAsync(session, command)).OutputBytes.Length);
    }

    [Fact]
    public async Task Slow_reader_blocks_the_command_and_nothing_is_lost()
    {
        // A separate agent, because the size of all stored output is checked.
        await using AgentFixture own = await AgentFixture.NewAsync();
        string session = await own.NewSessionAsync();
        Gate written = own.NewGate();
        const int megabytes = 100;
        using HttpResponseMessage answer = await own.PostAsync("exec", new { command = $"head -c {megabytes}000000 /dev/zero; touch {written}" }, session);

        // Nothing is read yet: the command must not get further than the limit of its log and the buffers of pipes and sockets.
        const long bound = 64 * 1024 * 1024;
        await Wait.UntilAsync(() => own.StoredBytes >= bound, "as much is stored as may be");
        Assert.False(written.IsOpen);
        Assert.Equal(megabytes * 1_000_000, (await AgentFixture.ReadAsync(answer)).OutputBytes.Length);
        Assert.True(written.IsOpen);
    }

    private static Dictionary<FrameKind, string> Read(ReadOnlySpan<byte> frames)
    {
        Dictionary<FrameKind, string> content = [];
        while (CommandFrame.TryRead(ref frames, out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            content[kind] = content.GetValueOrDefault(kind) + Encoding.UTF8.GetString(payload);
        }

        Assert.Equal(0, frames.Length);
        return content;
    }
}

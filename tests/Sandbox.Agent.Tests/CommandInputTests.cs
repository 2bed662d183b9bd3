using System.Globalization;
using System.Net;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class CommandInputTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Input_of_any_size_is_streamed_to_its_end()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "sha256sum; echo end", stdinOpen = true }, session, "big-input");
        byte[] bytes = new byte[20_000_000];
        Random.Shared.NextBytes(bytes);
        using HttpResponseMessage sent = await agent.Http.PostAsync("process/big-input/stdin", new ByteArrayContent(bytes));
        Assert.Equal(HttpStatusCode.NoContent, sent.StatusCode);
        CommandResult ran = await AgentFixture.ReadAsync(answer);
        Assert.Equal($"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes)).ToLowerInvariant()}  -\nend\n", ran.Output);
    }

    [Fact]
    public async Task Command_that_leaves_input_unread_does_not_hang()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "read -n 1; echo done", stdinOpen = true }, session, "no-reader");
        Task<HttpResponseMessage> sending = agent.Http.PostAsync("process/no-reader/stdin", new StringContent(new string('x', 1_000_000)));
        Assert.Equal("done\n", (await AgentFixture.ReadAsync(answer)).Output);
        Assert.Equal(HttpStatusCode.NoContent, (await sending).StatusCode);
        Assert.Equal("ok\n", (await agent.RunAsync(session, "cat; echo ok")).Output);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("")]
    public async Task Input_that_ended_before_the_command_started_is_read(string text)
    {
        string session = await agent.NewSessionAsync();
        int shell = int.Parse((await agent.RunAsync(session, "echo $$")).Output, CultureInfo.InvariantCulture);
        ProcessEntry held = ProcessTable.Find(shell)!.Value;
        ProcessTable.Send(held, Signal.STOP);
        string id = $"early-{text}";
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "cat; echo end", stdinOpen = true }, session, id);
        (await agent.Http.PostAsync($"process/{id}/stdin", new StringContent(text))).EnsureSuccessStatusCode().Dispose();
        ProcessTable.Send(held, Signal.CONT);
        Assert.Equal($"{text}end\n", (await AgentFixture.ReadAsync(answer)).Output);
    }

    [Fact]
    public async Task Input_reaches_the_command_before_it_is_complete()
    {
        string session = await agent.NewSessionAsync();
        Gate gotLine = agent.NewGate();
        using HttpResponseMessage answer = await agent.PostAsync(
            "exec", new { command = $"read line; echo got $line; touch {gotLine}; cat", stdinOpen = true }, session, "dialogue");
        System.IO.Pipelines.Pipe pipe = new();
        Task<HttpResponseMessage> sending = agent.Http.PostAsync("process/dialogue/stdin", new UnbufferedContent(pipe.Reader));
        await pipe.Writer.WriteAsync("first\n"u8.ToArray());
        await gotLine.WaitUntilOpenAsync();
        await pipe.Writer.WriteAsync("second\n"u8.ToArray());
        await pipe.Writer.CompleteAsync();
        Assert.Equal("got first\nsecond\n", (await AgentFixture.ReadAsync(answer)).Output);
        (await sending).Dispose();
    }

    [Fact]
    public async Task Each_command_of_a_session_reads_its_own_input()
    {
        string session = await agent.NewSessionAsync();
        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "cat", stdinOpen = true }, session, $"own-input-{i}");
            (await agent.Http.PostAsync($"process/own-input-{i}/stdin", new StringContent($"streamed {i}"))).Dispose();
            Assert.Equal($"streamed {i}", (await AgentFixture.ReadAsync(answer)).Output);
            Assert.Equal("a", (await agent.RunAsync(session, new { command = "cat", stdin = "YQ==" })).Output);
        }
    }

    [Fact]
    public async Task Command_with_complete_input_accepts_no_more()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, new { command = "true" }, "closed-input");
        using HttpResponseMessage sent = await agent.Http.PostAsync("process/closed-input/stdin", new ByteArrayContent([1]));
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.ProcessEnded), (sent.StatusCode, await AgentFixture.ReadErrorCodeAsync(sent)));
        using HttpResponseMessage both = await agent.PostAsync("exec", new { command = "cat", stdin = "YQ==", stdinOpen = true }, session);
        Assert.Equal(HttpStatusCode.BadRequest, both.StatusCode);
    }
}

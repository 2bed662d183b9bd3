using System.Net;
using System.Net.ServerSentEvents;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Output is written to disk before it is sent, and can be read again.</summary>
public sealed class CommandOutputTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Earlier_output_is_read_again_from_any_cursor()
    {
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(session, new { command = "printf 0123456789; printf abcdef >&2; exit 3" }, "again");
        Assert.Equal(3, ran.ExitCode);
        foreach ((string from, string output, string error) in new[] { ("0", "0123456789", "abcdef"), ("4,2", "456789", "cdef"), ("10,6", "", ""),
            ("3", "3456789", "abcdef"), ("end", "", "") })
        {
            CommandResult read = await agent.ReadOutputAsync("again", from);
            Assert.Equal((output, error, 3), (read.Output, read.ErrorText, read.ExitCode));
        }
    }

    [Fact]
    public async Task Event_id_is_the_cursor_to_resume_from()
    {
        await agent.RunAsync(null, new { command = "printf 1234567" }, "ids");
        using HttpRequestMessage request = new(HttpMethod.Get, "process/ids/output");
        request.Headers.Add("Last-Event-ID", "5,0");
        using HttpResponseMessage answer = await agent.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        List<string> seen = [];
        await foreach (SseItem<string> item in SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync())
        {
            seen.Add($"{item.EventType} {item.EventId}");
        }

        Assert.Equal(["stdout 7,0", "exit 7,0"], seen);
    }

    [Fact]
    public async Task Output_resumes_after_a_broken_connection()
    {
        Gate gate = agent.NewGate();
        string session = await agent.NewSessionAsync();
        object body = new { command = $"echo first; {gate.Await}; echo second" };
        using (HttpResponseMessage answer = await agent.PostAsync("exec", body, session, "breaks"))
        {
            await WaitUntilStoredAsync("breaks", 6);
        }

        gate.Open();
        Assert.Equal("second\n", (await agent.ReadOutputAsync("breaks", "6,0")).Output);

        // The repeated request attaches to the command and does not run it again.
        Assert.Equal("first\nsecond\n", (await agent.RunAsync(session, body, "breaks")).Output);
    }

    [Fact]
    public async Task Read_without_follow_returns_available_output_and_reports_more()
    {
        await agent.StartProcessAsync(new { command = "echo so far; sleep 60" }, "so-far");
        await WaitUntilStoredAsync("so-far", "so far\n".Length);
        CommandResult ran = await agent.ReadOutputAsync("so-far", follow: false);
        Assert.Equal(("so far\n", null, null), (ran.Output, ran.Exit, ran.Error));
        await agent.PostAsync("process/so-far/signal", new { signal = "KILL" });
    }

    [Fact]
    public async Task Late_output_of_a_background_child_belongs_to_its_command()
    {
        Gate gate = agent.NewGate();
        Gate wasLate = agent.NewGate();
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(session, new { command = $"({gate.Await}; echo late; touch {wasLate}) & echo early" }, "late-output");
        Assert.Equal("early\n", ran.Output);
        Assert.Equal("next\n", (await agent.RunAsync(session, $"touch {gate}; {wasLate.Await}; echo next")).Output);
        await WaitUntilStoredAsync("late-output", "early\nlate\n".Length);
        CommandResult again = await agent.ReadOutputAsync("late-output");
        Assert.Equal(("early\nlate\n", 0), (again.Output, again.ExitCode));
    }

    [Fact]
    public async Task Without_a_reader_the_oldest_bytes_are_dropped_and_reported()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        await own.SetRetentionAsync(new { bytesPerCommand = 1 << 20 });
        ProcessInfo process = await own.StartProcessAsync(new { command = "seq 1 1000000; echo err >&2" });
        ProcessInfo ended = await own.WaitForExitAsync(process.Id);
        const int all = 6_888_896;
        Assert.Equal((all, new OutputRange(0, 4)), ((int)ended.Stdout.End, ended.Stderr));
        Assert.InRange(ended.Stdout.Start, all - (2 << 20), all - (1 << 20));
        Assert.InRange(own.StoredBytes, 1 << 20, 2 << 20);

        CommandResult ran = await own.ReadOutputAsync(process.Id);
        Assert.Equal((ended.Stdout.Start, all - ended.Stdout.Start, 0), (ran.Gap.StandardOutput, ran.OutputBytes.Length, ran.ExitCode));
        Assert.EndsWith("999999\n1000000\n", ran.Output, StringComparison.Ordinal);

        // A cursor after the gap reports no gap.
        CommandResult tail = await own.ReadOutputAsync(process.Id, $"{all - 8},0");
        Assert.Equal(("1000000\n", default(OutputCursor)), (tail.Output, tail.Gap));
    }

    [Fact]
    public async Task Bytes_that_were_read_are_dropped_too()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        await own.SetRetentionAsync(new { bytesPerCommand = 1 << 20 });
        CommandResult ran = await own.RunAsync(null, new { command = "seq 1 1000000" }, "long-stream");
        Assert.Equal((6_888_896, default(OutputCursor)), (ran.OutputBytes.Length, ran.Gap));
        Assert.InRange((await own.GetProcessAsync("long-stream")).Stdout.Start, 1, 6_888_896 - (1 << 20));
    }

    [Fact]
    public async Task Oldest_ended_commands_are_removed_beyond_the_retention_limits()
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        await own.SetRetentionAsync(new { commands = 3 });
        for (int i = 0; i < 5; i++)
        {
            await own.RunAsync(null, new { command = $"echo {i}" }, $"kept-{i}");
        }

        foreach (string gone in new[] { "kept-0", "kept-1" })
        {
            await WaitUntilRemovedAsync(own, gone);
            using HttpResponseMessage answer = await own.Http.GetAsync($"process/{gone}");
            Assert.Equal(ErrorCodes.ProcessNotFound, await AgentFixture.ReadErrorCodeAsync(answer));
        }

        Assert.Equal("4\n", (await own.ReadOutputAsync("kept-4")).Output);

        // A reused segment file holds no data of its previous command.
        await own.RunAsync(null, new { command = "true" }, "kept-5");
        CommandResult again = await own.ReadOutputAsync("kept-5");
        Assert.Equal(("", 0), (again.Output, again.ExitCode));
        await own.SetRetentionAsync(new { bytes = 100_000 });
        await own.RunAsync(null, new { command = "head -c 90000 /dev/zero" }, "large-1");
        await own.RunAsync(null, new { command = "head -c 90000 /dev/zero" }, "large-2");
        await WaitUntilRemovedAsync(own, "large-1");
        Assert.Equal(90_000, (await own.ReadOutputAsync("large-2")).OutputBytes.Length);

        // The exit is sent before the oldest records are removed.
        static Task WaitUntilRemovedAsync(AgentFixture agent, string id) => Wait.UntilAsync(
            async () =>
            {
                using HttpResponseMessage answer = await agent.Http.GetAsync($"process/{id}");
                return answer.StatusCode == HttpStatusCode.NotFound;
            },
            $"'{id}' is forgotten");
    }

    [Theory]
    [InlineData("from=-1", "'from'")]
    [InlineData("from=1,2,3", "'from'")]
    [InlineData("from=x", "'from'")]
    [InlineData("follow=maybe", "'follow'")]
    public async Task Invalid_cursor_returns_400(string query, string named)
    {
        await agent.RunAsync(null, new { command = "true" }, "bad-cursor");
        using HttpResponseMessage answer = await agent.Http.GetAsync("process/bad-cursor/output?" + query);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(named, (await AgentFixture.ReadErrorAsync(answer)).Error, StringComparison.Ordinal);
    }

    private Task WaitUntilStoredAsync(string id, long bytes) =>
        Wait.UntilAsync(async () => (await agent.GetProcessAsync(id)).Stdout.End == bytes, $"{bytes} bytes of '{id}' are stored");
}

using System.Diagnostics;
using System.Net;
using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class StoppingTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Theory]
    [InlineData("echo before; sleep 50; echo after")]
    [InlineData("echo before; while :; do :; done; echo after")]
    [InlineData("echo before; for i in 1 2 3; do sleep 20; done; echo after")]
    [InlineData("echo before; sleep 50 | cat; echo after")]
    [InlineData("echo before; bash -c 'trap \"\" INT; sleep 50'; true")]
    [InlineData("echo before; bash -c 'trap \"\" INT TERM; while :; do sleep 1; done'; true")]
    [InlineData("echo before; (sleep 50 & sleep 50 & wait); echo after")]
    public async Task A_time_out_ends_the_command_keeps_what_was_printed_and_the_session_with_its_state(string command)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "state=kept; cd /usr");
        Ran ran = await agent.RunAsync(session, new { command, timeout_ms = 150 });
        Assert.True(ran.Exit!.TimedOut);
        Assert.Equal("before\n", ran.Output);
        Assert.False(ran.Exit.ShellRestarted);
        Assert.NotEqual(0, ran.Exit.DurationMs);
        Ran next = await agent.RunAsync(session, "echo $state; pwd");
        Assert.Equal("kept\n/usr\n", next.Output);
        Assert.False(next.Exit!.TimedOut);
    }

    [Theory]
    [InlineData("setsid sleep 4001 & setsid sleep 4001; sleep 4001", "sleep 4001")]
    [InlineData("(setsid sh -c '(sleep 4002 &) ; sleep 4002' &) ; sleep 4002", "sleep 4002")]
    [InlineData("sleep 4003 & sleep 4003", "sleep 4003")]
    [InlineData("nohup sh -c 'trap \"\" INT TERM HUP; sleep 4004; sleep 4004' >/dev/null 2>&1 & sleep 4004", "sleep 4004")]
    public async Task A_time_out_reaches_everything_the_command_started_also_what_called_setsid_or_forked_twice(string command, string words)
    {
        string session = await agent.NewSessionAsync();
        Ran ran = await agent.RunAsync(session, new { command, timeout_ms = 200 });
        Assert.True(ran.Exit!.TimedOut);
        Assert.Empty(ProcessesWith(words));
    }

    [Fact]
    public void A_command_that_is_stopped_on_its_way_into_the_queue_never_runs()
    {
        Command command = agent.Services.Commands.GetOrAddCommand("early-stop", null, new ExecRequest { Command = "sleep 4020" }, () => agent.Services.Sessions.CreateTemporary(), out _);
        Session session = command.Session!;
        session.Stop(command, StopReason.Cancelled, Signal.INT);
        session.Enqueue(command);
        Assert.True(command.HasEnded);
        Assert.Empty(ProcessesWith("sleep 4020"));
    }

    [Fact]
    public async Task A_command_that_is_stopped_while_its_input_is_still_to_come_does_not_take_a_part_for_the_whole()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "sh -c 'trap \"\" INT TERM; head -c 40210000 > /dev/null; touch took-a-part'", stdinOpen = true }, session, "partial");
        System.IO.Pipelines.Pipe pipe = new();
        await pipe.Writer.WriteAsync("part"u8.ToArray());
        using CancellationTokenSource giveUp = new();
        Task sending = agent.Http.PostAsync("process/partial/stdin", new StreamContent(pipe.Reader.AsStream()), giveUp.Token);
        await AgentFixture.UntilAsync(() => ProcessesWith("head -c 40210000").Count == 2, "it reads");
        (await agent.PostAsync("process/partial/signal", new { signal = "INT" })).Dispose();
        await giveUp.CancelAsync();
        await Task.WhenAny(sending);
        Assert.True((await AgentFixture.ReadAsync(answer)).Exit!.Cancelled);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "took-a-part")));
    }

    [Fact]
    public async Task A_time_out_spares_earlier_background_jobs_of_the_session()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "sleep 4010 & setsid sleep 4010 &");
        await AgentFixture.UntilAsync(() => ProcessesWith("sleep 4010").Count == 2, "both jobs run");
        await agent.RunAsync(session, new { command = "sleep 4011", timeout_ms = 150 });
        Assert.Equal(2, ProcessesWith("sleep 4010").Count);
        Assert.Empty(ProcessesWith("sleep 4011"));
    }

    [Fact]
    public async Task A_trap_that_ignores_interrupts_does_not_save_a_command_nor_wedge_the_session()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "trap '' INT; export KEPT=1");
        Ran ran = await agent.RunAsync(session, new { command = "while :; do sleep 1; done", timeout_ms = 100 });
        Assert.True(ran.Exit!.TimedOut);
        Assert.Equal("1\n", (await agent.RunAsync(session, "echo $KEPT")).Output);
    }

    [Fact]
    public async Task The_limit_of_a_command_wins_over_that_of_its_session_and_counts_from_its_start_not_in_the_queue()
    {
        string session = await agent.NewSessionAsync(new { commandTimeoutMs = 600 });
        Task<Ran> first = agent.RunAsync(session, "sleep 0.5; echo first");
        Task<Ran> second = agent.RunAsync(session, "sleep 0.4; echo second");
        Assert.Equal("first\n", (await first).Output);
        Assert.Equal("second\n", (await second).Output);
        Ran limited = await agent.RunAsync(session, new { command = "sleep 0.4; echo no", timeout_ms = 100 });
        Assert.True(limited.Exit!.TimedOut);
        Assert.True((await agent.RunAsync(session, "sleep 5")).Exit!.TimedOut);
        Assert.False((await agent.RunAsync(session, new { command = "sleep 0.7", timeout_ms = 5000 })).Exit!.TimedOut);
    }

    [Fact]
    public async Task A_signal_request_stops_a_running_command_at_once()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "echo started; sleep 50; echo no" }, session, "stop-me");
        Assert.Equal("stop-me", answer.Headers.GetValues(ApiHeaders.ProcessId).Single());
        Stopwatch watch = Stopwatch.StartNew();
        using HttpResponseMessage signal = await agent.PostAsync("process/stop-me/signal", new { signal = "INT" });
        Assert.Equal(HttpStatusCode.NoContent, signal.StatusCode);
        Ran ran = await AgentFixture.ReadAsync(answer);
        Assert.True(ran.Exit!.Cancelled);
        Assert.Equal(130, ran.ExitCode);
        Assert.Equal("INT", ran.Exit.Signal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        Assert.Equal("ok\n", (await agent.RunAsync(session, "echo ok")).Output);
    }

    [Fact]
    public async Task Kill_does_not_wait_for_what_ignores_everything_else()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "bash -c 'trap \"\" INT TERM; echo on; while :; do sleep 4021; done'; true" }, session, "kill-me");
        await AgentFixture.UntilAsync(() => ProcessesWith("sleep 4021").Count > 1, "it runs");
        (await agent.PostAsync("process/kill-me/signal", new { signal = "KILL" })).Dispose();
        Ran ran = await AgentFixture.ReadAsync(answer);
        Assert.True(ran.Exit!.Cancelled);
        Assert.True(ran.Exit.DurationMs < 1000, $"took {ran.Exit.DurationMs} ms");
        Assert.Empty(ProcessesWith("sleep 4021"));
    }

    [Fact]
    public async Task A_command_that_waits_in_the_queue_is_dropped_when_cancelled()
    {
        string session = await agent.NewSessionAsync();
        Task<Ran> first = agent.RunAsync(session, "sleep 0.5; echo first");
        await AgentFixture.UntilAsync(() => agent.GetSessionAsync(session).Result.State == SessionState.Busy, "first runs");
        using HttpResponseMessage second = await agent.PostAsync("exec", new { command = "echo second > ran" }, session, "waiting");
        (await agent.PostAsync("process/waiting/signal", new { signal = "INT" })).Dispose();
        Assert.True((await AgentFixture.ReadAsync(second)).Exit!.Cancelled);
        Assert.Equal("first\n", (await first).Output);
        Assert.False(File.Exists(Path.Combine(agent.Workspace, "ran")));
    }

    [Fact]
    public async Task Deleting_a_session_ends_its_command_and_its_background_jobs_at_once_and_refuses_what_waits()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "sleep 4031 & (setsid sleep 4031 &)");
        using HttpResponseMessage running = await agent.PostAsync("exec", new { command = "echo on; sleep 4031" }, session);
        await AgentFixture.UntilAsync(() => ProcessesWith("sleep 4031").Count >= 3, "all run");
        using HttpResponseMessage waiting = await agent.PostAsync("exec", new { command = "echo never" }, session);
        Stopwatch watch = Stopwatch.StartNew();
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, "session/" + session, null);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"took {watch.Elapsed}");
        Assert.Empty(ProcessesWith("sleep 4031"));
        Ran ended = await AgentFixture.ReadAsync(running);
        Assert.Equal((137, "KILL", true), (ended.ExitCode, ended.Exit!.Signal, ended.Exit.Cancelled));
        Assert.Equal(ErrorCodes.SessionClosed, (await AgentFixture.ReadAsync(waiting)).Error!.Code);
        using HttpResponseMessage again = await agent.SendAsync(HttpMethod.Get, "session/" + session, null);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(session, await agent.NewSessionAsync(new { id = session }));
    }

    [Fact]
    public async Task A_connection_that_breaks_does_not_end_a_command_and_the_same_request_attaches_again()
    {
        string session = await agent.NewSessionAsync();
        object body = new { command = "echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; echo x >> runs" };
        HttpResponseMessage first = await agent.PostAsync("exec", body, session, "resumed");
        first.Dispose();
        Task<Ran> second = agent.RunAsync(session, body, "resumed");
        await File.WriteAllTextAsync(Path.Combine(agent.Workspace, "go"), "");
        Assert.Equal("one\ntwo\n", (await second).Output);
        Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(agent.Workspace, "runs")));
        using HttpResponseMessage other = await agent.PostAsync("exec", new { command = "echo other" }, session, "resumed");
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task A_hundred_time_outs_near_the_end_of_a_command_leave_no_wrong_answer()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "keep=1");
        for (int i = 0; i < 100; i++)
        {
            Ran ran = await agent.RunAsync(session, new { command = "sleep 0.02; echo a", timeout_ms = 18 + (i % 8) });
            Assert.True(ran.Exit!.TimedOut || ran.Output == "a\n");
            Assert.Equal($"1 {i}\n", (await agent.RunAsync(session, $"echo $keep {i}")).Output);
        }
    }

    // Words and not a number alone: other tests run at the same time, and one of them may give 'touch' all numbers up to 100,000.
    internal static IReadOnlyList<int> ProcessesWith(string words) =>
    [
        .. ProcessTable.All().Where(entry => entry.IsAlive && CommandLine(entry.Id).Replace('\0', ' ').Contains(words, StringComparison.Ordinal)).Select(entry => entry.Id),
    ];

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}

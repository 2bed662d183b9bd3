using System.Net;
using Sandbox.Agent.Commands;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

public sealed class TerminationTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private readonly UniqueSleep _mark = new();

    [Theory]
    [InlineData("sleep 600; echo after")]
    [InlineData("while :; do :; done; echo after")]
    [InlineData("for i in 1 2 3; do sleep 600; done; echo after")]
    [InlineData("sleep 600 | cat; echo after")]
    [InlineData("bash -c 'trap \"\" INT; sleep 600'; true")]
    [InlineData("bash -c 'trap \"\" INT TERM; while :; do sleep 1; done'; true")]
    [InlineData("(sleep 600 & sleep 600 & wait); echo after")]
    public async Task Timeout_keeps_the_output_and_the_session_state(string command)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "state=kept; cd /usr");
        CommandResult ran = await RunUntilTimeoutAsync(session, "echo before; " + command);
        Assert.Equal("before\n", ran.Output);
        Assert.False(ran.Exit!.ShellRestarted);
        Assert.NotEqual(0, ran.Exit.DurationMs);
        CommandResult next = await agent.RunAsync(session, "echo $state; pwd");
        Assert.Equal("kept\n/usr\n", next.Output);
        Assert.False(next.Exit!.TimedOut);
    }

    [Theory]
    [InlineData("setsid {sleep} & setsid {sleep}; {sleep}")]
    [InlineData("(setsid sh -c '({sleep} &) ; {sleep}' &) ; {sleep}")]
    [InlineData("{sleep} & {sleep}")]
    [InlineData("nohup sh -c 'trap \"\" INT TERM HUP; {sleep}; {sleep}' >/dev/null 2>&1 & {sleep}")]
    public async Task Timeout_ends_descendants_that_called_setsid_or_forked_twice(string command)
    {
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(session, new { command = _mark.Insert(command), timeout_ms = 200 });
        Assert.True(ran.Exit!.TimedOut);
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public void Command_stopped_before_it_is_queued_never_runs()
    {
        Command command = agent.Services.Commands.GetOrAddCommand(
            "early-stop", null, new ExecRequest { Command = _mark.Command }, () => agent.Services.Sessions.CreateEphemeral(), out _);
        ICommandRunner session = command.Runner!;
        session.Stop(command, StopReason.Cancelled, Signal.INT);
        session.Enqueue(command);
        Assert.True(command.HasEnded);
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task Stopped_command_does_not_process_partial_input()
    {
        string session = await agent.NewSessionAsync();
        Gate tookPart = agent.NewGate();
        Gate reads = agent.NewGate();
        using HttpResponseMessage answer = await agent.PostAsync(
            "exec", new { command = $"sh -c 'trap \"\" INT TERM; head -c 4 > /dev/null; touch {reads}; head -c 40210000 > /dev/null; touch {tookPart}'",
                stdinOpen = true }, session, "partial");
        System.IO.Pipelines.Pipe pipe = new();
        await pipe.Writer.WriteAsync("part and more"u8.ToArray());
        using CancellationTokenSource giveUp = new();
        Task sending = agent.Http.PostAsync("process/partial/stdin", new UnbufferedContent(pipe.Reader), giveUp.Token);
        await reads.WaitUntilOpenAsync();
        (await agent.PostAsync("process/partial/signal", new { signal = "INT" })).Dispose();
        await giveUp.CancelAsync();
        await Task.WhenAny(sending);
        Assert.True((await AgentFixture.ReadAsync(answer)).Exit!.Cancelled);
        Assert.False(tookPart.IsOpen);
    }

    [Fact]
    public async Task Timeout_spares_earlier_background_jobs_of_the_session()
    {
        string session = await agent.NewSessionAsync();
        UniqueSleep jobs = new();
        await agent.RunAsync(session, jobs.Insert("{sleep} & setsid {sleep} &"));
        await jobs.WaitForCountAsync(2);
        await agent.RunAsync(session, new { command = _mark.Command, timeout_ms = 150 });
        Assert.Equal(2, jobs.Processes.Count);
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task Command_that_ignores_INT_is_ended_and_the_session_stays_usable()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "trap '' INT; export KEPT=1");
        CommandResult ran = await agent.RunAsync(session, new { command = "while :; do sleep 1; done", timeout_ms = 100 });
        Assert.True(ran.Exit!.TimedOut);
        Assert.Equal("1\n", (await agent.RunAsync(session, "echo $KEPT")).Output);
    }

    [Fact]
    public async Task Timeout_of_a_command_overrides_that_of_its_session()
    {
        string session = await agent.NewSessionAsync(new { commandTimeoutMs = 200 });
        Assert.True((await agent.RunAsync(session, "sleep 600")).Exit!.TimedOut);
        CommandResult longer = await agent.RunAsync(session, new { command = "sleep 0.5; echo done", timeout_ms = (long)Wait.Limit.TotalMilliseconds });
        Assert.Equal(("done\n", false), (longer.Output, longer.Exit!.TimedOut));
    }

    [Fact]
    public async Task Time_in_the_queue_does_not_count()
    {
        const int timeout = 3000;
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        Task<CommandResult> first = agent.RunAsync(session, gate.Await);
        await Wait.UntilAsync(async () => (await agent.GetSessionAsync(session)).State == SessionState.Busy, "the first command runs");
        using HttpResponseMessage second = await agent.PostAsync("exec", new { command = "echo second", timeout_ms = timeout }, session);
        long queued = Environment.TickCount64;
        await Wait.UntilAsync(() => Environment.TickCount64 - queued > timeout, "the second has waited longer than it may run");
        gate.Open();
        await first;
        Assert.Equal("second\n", (await AgentFixture.ReadAsync(second)).Output);
    }

    [Fact]
    public async Task Signal_request_stops_a_running_command()
    {
        string session = await agent.NewSessionAsync();
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command = "echo started; sleep 600; echo no" }, session, "stop-me");
        Assert.Equal("stop-me", answer.Headers.GetValues(ApiHeaders.ProcessId).Single());
        using HttpResponseMessage signal = await agent.PostAsync("process/stop-me/signal", new { signal = "INT" });
        Assert.Equal(HttpStatusCode.NoContent, signal.StatusCode);
        CommandResult ran = await AgentFixture.ReadAsync(answer);
        Assert.True(ran.Exit!.Cancelled);
        Assert.Equal(130, ran.ExitCode);
        Assert.Equal("INT", ran.Exit.Signal);
        Assert.Equal("ok\n", (await agent.RunAsync(session, "echo ok")).Output);
    }

    [Fact]
    public async Task KILL_sends_no_other_signal_first()
    {
        string session = await agent.NewSessionAsync();
        Gate reacted = agent.NewGate();
        string command = _mark.Insert($"bash -c 'trap \"touch {reacted}\" INT TERM; while :; do {{sleep}}; done'; true");
        using HttpResponseMessage answer = await agent.PostAsync("exec", new { command }, session, "kill-me");
        await _mark.WaitForCountAsync(2);
        (await agent.PostAsync("process/kill-me/signal", new { signal = "KILL" })).Dispose();
        CommandResult ran = await AgentFixture.ReadAsync(answer);
        Assert.True(ran.Exit!.Cancelled);
        Assert.False(reacted.IsOpen);
        Assert.Empty(_mark.Processes);
    }

    [Fact]
    public async Task Queued_command_is_removed_when_cancelled()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        Gate ran = agent.NewGate();
        Task<CommandResult> first = agent.RunAsync(session, $"{gate.Await}; echo first");
        await Wait.UntilAsync(async () => (await agent.GetSessionAsync(session)).State == SessionState.Busy, "the first command runs");
        using HttpResponseMessage second = await agent.PostAsync("exec", new { command = $"touch {ran}" }, session, "waiting");
        (await agent.PostAsync("process/waiting/signal", new { signal = "INT" })).Dispose();
        Assert.True((await AgentFixture.ReadAsync(second)).Exit!.Cancelled);
        gate.Open();
        Assert.Equal("first\n", (await first).Output);
        Assert.Equal("", (await agent.RunAsync(session, "true")).Output);
        Assert.False(ran.IsOpen);
    }

    [Fact]
    public async Task Deleting_a_session_ends_its_processes_and_refuses_queued_commands()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, _mark.Insert("{sleep} & (setsid {sleep} &)"));
        using HttpResponseMessage running = await agent.PostAsync("exec", new { command = "echo on; " + _mark.Command }, session);
        await _mark.WaitForCountAsync(3);
        using HttpResponseMessage waiting = await agent.PostAsync("exec", new { command = "echo never" }, session);
        using HttpResponseMessage deleted = await agent.SendAsync(HttpMethod.Delete, "session/" + session, null);
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Empty(_mark.Processes);
        CommandResult ended = await AgentFixture.ReadAsync(running);
        Assert.Equal((137, "KILL", true), (ended.ExitCode, ended.Exit!.Signal, ended.Exit.Cancelled));
        Assert.Equal(ErrorCodes.SessionClosed, (await AgentFixture.ReadAsync(waiting)).Error!.Code);
        using HttpResponseMessage again = await agent.SendAsync(HttpMethod.Get, "session/" + session, null);
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        Assert.Equal(session, await agent.NewSessionAsync(new { id = session }));
    }

    [Fact]
    public async Task Broken_connection_ends_no_command_and_the_same_request_re_attaches()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        string runs = Path.Combine(agent.NewDirectory(), "runs");
        object body = new { command = $"echo one; {gate.Await}; echo two; echo x >> {runs}" };
        HttpResponseMessage first = await agent.PostAsync("exec", body, session, "resumed");
        first.Dispose();
        Task<CommandResult> second = agent.RunAsync(session, body, "resumed");
        gate.Open();
        Assert.Equal("one\ntwo\n", (await second).Output);
        Assert.Equal("x\n", await File.ReadAllTextAsync(runs));
        using HttpResponseMessage other = await agent.PostAsync("exec", new { command = "echo other" }, session, "resumed");
        Assert.Equal(HttpStatusCode.Conflict, other.StatusCode);
    }

    [Fact]
    public async Task Timeout_close_to_the_exit_gives_one_of_the_two_results()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "keep=1");
        for (int i = 0; i < 100; i++)
        {
            CommandResult ran = await agent.RunAsync(session, new { command = "sleep 0.02; echo a", timeout_ms = 18 + (i % 8) });
            Assert.True(ran.Exit!.TimedOut || ran.Output == "a\n");
            Assert.Equal($"1 {i}\n", (await agent.RunAsync(session, $"echo $keep {i}")).Output);
        }
    }

    /// <summary>Runs a command that prints at once and then hangs, with longer timeouts until the output arrived in time.</summary>
    private async Task<CommandResult> RunUntilTimeoutAsync(string session, string command)
    {
        for (int timeout = 150; ; timeout *= 4)
        {
            CommandResult ran = await agent.RunAsync(session, new { command, timeout_ms = timeout });
            Assert.True(ran.Exit!.TimedOut);
            if (ran.OutputBytes.Length > 0 || timeout > Wait.Limit.TotalMilliseconds)
            {
                return ran;
            }
        }
    }
}

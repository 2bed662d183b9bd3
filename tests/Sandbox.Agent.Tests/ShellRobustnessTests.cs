using Sandbox.Linux;

namespace Sandbox.Agent.Tests;

/// <summary>Whatever a command does to its shell, its exit is reported and the next command runs.</summary>
public sealed class ShellRobustnessTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    // Some commands disable the status report of the shell: they end by this timeout.
    private const int Timeout = 3_000;

    [Theory]
    [InlineData("printf() { :; }; declare() { :; }; times() { :; }; set() { :; }")]
    [InlineData("cd() { return 5; }; test() { return 5; }; eval() { return 5; }")]
    [InlineData("alias printf=false; alias builtin=false; alias __sandbox=false")]
    [InlineData("PATH=")]
    [InlineData("unset PATH HOME PWD OLDPWD")]
    [InlineData("set -u")]
    [InlineData("set -f")]
    [InlineData("set -o posix")]
    [InlineData("set -n; true")]
    [InlineData("IFS=0123456789")]
    [InlineData("exec 1>&- 2>&-")]
    [InlineData("exec 3>&1 4>&2 </dev/null")]
    [InlineData("exec 7>&-")]
    [InlineData("trap 'echo err >&2' ERR; trap 'echo debug >&2' DEBUG; trap 'echo ret >&2' RETURN")]
    [InlineData("trap '' EXIT INT TERM")]
    [InlineData("ulimit -f 0 2>/dev/null")]
    [InlineData("umask 777")]
    [InlineData("PS1='$(echo prompt)' PS2=x PS4='$(echo trace)' PROMPT_COMMAND='echo hello'; set -x")]
    [InlineData("LC_ALL=C; export LC_ALL; LANG=")]
    [InlineData("TIMEFORMAT='%R'; BASH_ENV=/nowhere; ENV=/nowhere")]
    [InlineData("shopt -s extdebug expand_aliases nullglob failglob")]
    [InlineData("stty -a 2>/dev/null; set -m; set +m")]
    [InlineData("disown -a 2>/dev/null; wait")]
    [InlineData("kill -INT $$; kill -TERM $$; kill -HUP $PPID 2>/dev/null")]
    [InlineData("enable -n printf times declare")]
    [InlineData("rm -rf ./* ; cd /; cd -")]
    [InlineData("hash -r; complete -r; bind 2>/dev/null; history -c")]
    [InlineData("coproc cat; exec {fd}>/dev/null")]
    [InlineData("return 3")]
    [InlineData("break; continue; local x")]
    [InlineData("echo hi \\")]
    [InlineData("# only a comment")]
    [InlineData("<<X")]
    [InlineData("builtin() { :; }")]
    [InlineData("readonly PWD OLDPWD PATH")]
    public async Task Session_stays_usable_whatever_a_command_does_to_its_shell(string command)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, new { command, timeout_ms = Timeout });
        CommandResult next = await agent.RunAsync(
            session, new { command = "trap - DEBUG ERR RETURN; set +x; echo usable", timeout_ms = (long)Wait.Limit.TotalMilliseconds / 2 });
        Assert.False(next.Exit!.TimedOut);
        Assert.Equal("usable\n", next.Output);
        using HttpResponseMessage deleted = await agent.Http.DeleteAsync("session/" + session);
        Assert.True(deleted.IsSuccessStatusCode);
    }

    [Theory]
    [InlineData("set -u")]
    [InlineData("set -euo pipefail")]
    [InlineData("alias __sandbox=false")]
    public async Task Command_that_reconfigures_its_shell_ends_normally(string command)
    {
        string session = await agent.NewSessionAsync();
        Assert.Equal(0, (await agent.RunAsync(session, command)).ExitCode);
        Assert.Equal("on\n", (await agent.RunAsync(session, "echo on")).Output);
    }

    [Theory]
    [InlineData("builtin() { :; }; echo hi")]
    [InlineData("exit() { :; }; echo hi")]
    [InlineData("trap '' TERM INT; echo hi")]
    [InlineData("exec 3>&1; echo hi")]
    public async Task Sessionless_command_ends_whatever_it_does_to_its_shell(string command)
    {
        Assert.Equal("hi\n", (await agent.RunAsync(null, command)).Output);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Shell_killed_before_its_first_command_began_is_replaced(bool hasSession, bool streamsInput)
    {
        await using AgentFixture own = await AgentFixture.NewAsync();
        ProcessEntry ready = await own.WaitForReadyShellAsync();
        ProcessTable.Send(ready, Signal.STOP);
        string? session = hasSession ? await own.NewSessionAsync() : null;
        using HttpResponseMessage answer = await own.PostAsync(
            "exec",
            new { command = "cat; echo $V; pwd", cwd = "/", env = new { V = "v" }, stdin = streamsInput ? null : "in\n"u8.ToArray(), stdinOpen = streamsInput },
            session,
            "moved");
        if (streamsInput)
        {
            (await own.Http.PostAsync("process/moved/stdin", new StringContent("in\n"))).EnsureSuccessStatusCode().Dispose();
        }

        ProcessTable.Send(ready, Signal.KILL);
        CommandResult ran = await AgentFixture.ReadAsync(answer);
        Assert.Equal("in\nv\n/\n", ran.Output);
        Assert.Equal((0, false), (ran.ExitCode, ran.Exit!.ShellRestarted));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Command_that_removes_the_files_of_its_shell_and_kills_it_runs_once(bool hasSession)
    {
        string directory = agent.NewDirectory();
        string? session = hasSession ? await agent.NewSessionAsync() : null;
        CommandResult ran = await agent.RunAsync(
            session, $"echo ran >>{directory}/runs; rm -rf \"$(dirname \"$(readlink /proc/$$/fd/1)\")\"/*; kill -KILL $$");
        Assert.Equal("KILL", ran.Exit!.Signal);
        Assert.Equal("ran\n", await File.ReadAllTextAsync($"{directory}/runs", TestContext.Current.CancellationToken));
    }
}

using Sandbox.Linux;

namespace Sandbox.Agent.Tests;

public sealed class SessionStateTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    [Fact]
    public async Task Command_returns_its_output_and_exit_code()
    {
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(session, "echo out; echo err >&2; (exit 7)");
        Assert.Equal("out\n", ran.Output);
        Assert.Equal("err\n", ran.ErrorText);
        Assert.Equal(7, ran.ExitCode);
        Assert.False(ran.Exit!.ShellRestarted);
    }

    [Theory]
    [InlineData("x=1", "echo $x", "1\n")]
    [InlineData("export E=2", "bash -c 'echo $E'", "2\n")]
    [InlineData("f() { echo called; }", "f", "called\n")]
    [InlineData("alias hi='echo hello'", "hi there", "hello there\n")]
    [InlineData("set -f; shopt -s nullglob", "echo *; shopt -q nullglob && echo on", "*\non\n")]
    [InlineData("cd /usr", "pwd", "/usr\n")]
    [InlineData("cd /usr; cd /etc", "cd - >/dev/null; pwd", "/usr\n")]
    [InlineData("umask 027", "umask", "0027\n")]
    [InlineData("trap 'echo got' USR1", "kill -USR1 $$", "got\n")]
    [InlineData("sleep 60 & echo", "jobs -r | wc -l; kill %1", "1\n")]
    [InlineData("a=(1 2 3); declare -A m=([k]=v)", "echo ${#a[@]} ${m[k]}", "3 v\n")]
    [InlineData("set -o pipefail", "false | true; echo $?", "1\n")]
    [InlineData("false", "echo $?", "1\n")]
    [InlineData("readonly R=1", "echo $R", "1\n")]
    public async Task State_persists_between_commands(string first, string second, string expected)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, first);
        Assert.Equal(expected, (await agent.RunAsync(session, second)).Output);
    }

    [Theory]
    [InlineData("printf 'a\\0b\\xff\\r\\n'", "61 00 62 ff 0d 0a")]
    [InlineData("printf x", "78")]
    [InlineData("printf '\\n\\n'", "0a 0a")]
    [InlineData("true", "")]
    public async Task Output_is_exact_to_the_byte(string command, string hex)
    {
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(session, command);
        Assert.Equal(hex, string.Join(' ', ran.OutputBytes.Select(b => b.ToString("x2", null))));
    }

    [Theory]
    [InlineData("exit 3", 3)]
    [InlineData("set -e; false; echo no", 1)]
    [InlineData("exec sh -c 'exit 4'", 4)]
    [InlineData("kill -9 $$", 137)]
    public async Task Session_continues_in_a_new_shell_after_an_exit(string command, int code)
    {
        string session = await agent.NewSessionAsync(new { env = new { GIVEN = "g" } });
        await agent.RunAsync(session, "cd /usr; export KEPT=k");
        CommandResult ran = await agent.RunAsync(session, command);
        Assert.Equal(code, ran.ExitCode);
        Assert.True(ran.Exit!.ShellRestarted);
        CommandResult next = await agent.RunAsync(session, "pwd; echo $GIVEN $KEPT; (exit 5)");
        Assert.Equal("/usr\ng k\n", next.Output);
        Assert.Equal(5, next.ExitCode);
        Assert.False(next.Exit!.ShellRestarted);
    }

    [Fact]
    public async Task Shell_that_exits_passes_on_variables_functions_and_aliases()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "v=1; a=(x y); f() { echo fun; }; alias al='echo ali'; umask 027; trap 'echo trapped' USR1");
        await agent.RunAsync(session, "cd /usr; v=2; exit 0");
        Assert.Equal("2 y\nfun\nali\n0027\ntrapped\n/usr\n", (await agent.RunAsync(session, "echo $v ${a[1]}; f; al; umask; kill -USR1 $$; pwd")).Output);
    }

    [Theory]
    [InlineData("if then")]
    [InlineData("echo 'open")]
    [InlineData("echo \"open")]
    [InlineData("cat <<END\nno end")]
    [InlineData("}")]
    [InlineData("echo $(")]
    [InlineData("trailing \\")]
    public async Task Syntax_errors_and_open_quotes_do_not_hang_the_session(string command)
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "keep=1");
        CommandResult ran = await agent.RunAsync(session, command);
        Assert.False(ran.Exit!.ShellRestarted);
        Assert.Equal("1\n", (await agent.RunAsync(session, "echo $keep")).Output);
    }

    [Fact]
    public async Task Command_text_of_a_megabyte_runs()
    {
        string session = await agent.NewSessionAsync();
        string text = new('x', 1 << 20);
        CommandResult ran = await agent.RunAsync(session, $"v='{text}'; echo ${{#v}}");
        Assert.Equal("1048576\n", ran.Output);
    }

    [Fact]
    public async Task Arguments_are_taken_literally()
    {
        string session = await agent.NewSessionAsync();
        string[] argv = ["printf", "%s|", "a b", "$HOME", "it's", "new\nline", "back\\slash", "\"", "☃😀", "*", "", "-n", "`id`", "!x"];
        CommandResult ran = await agent.RunAsync(session, new { argv });
        Assert.Equal(string.Concat(argv.Skip(2).Select(text => text + "|")), ran.Output);
    }

    [Fact]
    public async Task Standard_input_is_the_given_input_or_empty()
    {
        string session = await agent.NewSessionAsync();
        byte[] bytes = [0, 255, 10, 13, 128];
        CommandResult ran = await agent.RunAsync(session, new { command = "cat", stdin = Convert.ToBase64String(bytes) });
        Assert.Equal(bytes, ran.OutputBytes);
        Assert.Equal("", (await agent.RunAsync(session, "cat")).Output);
    }

    [Fact]
    public async Task Sessionless_command_runs_in_a_fresh_shell()
    {
        CommandResult ran = await agent.RunAsync(null, "x=1; cd /usr; echo $$; exit 3");
        Assert.Equal(3, ran.ExitCode);
        Assert.False(ran.Exit!.ShellRestarted);
        Assert.Equal($"[] {agent.Workspace}\n", (await agent.RunAsync(null, "echo [$x] $PWD")).Output);
        int shell = int.Parse(ran.Output, null);
        await Wait.UntilAsync(
            () => ProcessTable.Find(shell) is not { IsAlive: true } process || process.ParentId != Environment.ProcessId, "the shell has ended");
    }

    [Fact]
    public async Task Late_output_of_a_background_child_never_reaches_the_next_command()
    {
        string session = await agent.NewSessionAsync();
        Gate gate = agent.NewGate();
        Gate written = agent.NewGate();
        CommandResult first = await agent.RunAsync(session, $"({gate.Await}; echo late; echo LATE >&2; touch {written}) & echo first");
        Assert.Equal("first\n", first.Output);
        CommandResult second = await agent.RunAsync(session, $"touch {gate}; {written.Await}; echo second");
        Assert.Equal(("second\n", ""), (second.Output, second.ErrorText));
    }

    [Fact]
    public async Task Tracing_goes_to_the_standard_error_of_the_command()
    {
        string session = await agent.NewSessionAsync();
        await agent.RunAsync(session, "set -x");
        CommandResult ran = await agent.RunAsync(session, "echo hi");
        Assert.Equal("hi\n", ran.Output);
        Assert.Contains("echo hi", ran.ErrorText, StringComparison.Ordinal);
        Assert.DoesNotContain("__sandbox", ran.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_inherit_no_descriptors_of_the_agent()
    {
        string session = await agent.NewSessionAsync();
        CommandResult ran = await agent.RunAsync(
            session, "sh -c 'for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 63 255; do [ -e /proc/$$/fd/$i ] && printf \"$i \"; done'");
        Assert.Equal("0 1 2 ", ran.Output);
    }

    [Fact]
    public async Task Writing_to_a_pipe_without_a_reader_ends_the_writer()
    {
        string session = await agent.NewSessionAsync();
        Assert.Equal("y\n141\n", (await agent.RunAsync(session, "yes | head -1; echo ${PIPESTATUS[0]}")).Output);
    }
}

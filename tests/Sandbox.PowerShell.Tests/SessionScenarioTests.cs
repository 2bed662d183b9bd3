namespace Sandbox.Tests;

public sealed class SessionScenarioTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void Prod_and_test_keep_apart_and_run_at_the_same_time()
    {
        EngineResult result = _engine.Run(
            """
            $prod = New-SandboxSession prod -Sandbox $Box -WorkingDirectory /workspace/prod -Environment @{ NODE_ENV = 'production'; SKIPPED = $null }
            $test = New-SandboxSession test -Sandbox $Box -WorkingDirectory test -Environment @{ NODE_ENV = 'test' }
            $prod, $test | Invoke-SandboxCommand 'touch /workspace/$NODE_ENV; until [ -e /workspace/production ] && [ -e /workspace/test ]; do sleep 0.01; done' -TimeoutSeconds 20
            $prod | Invoke-SandboxCommand 'echo "$NODE_ENV $PWD ${SKIPPED-unset}"; cd ..; export LATER=1'
            $test | Invoke-SandboxCommand 'echo "$NODE_ENV $PWD ${LATER-unset}"'
            $prod | Invoke-SandboxCommand 'echo "$PWD $LATER"'
            """);
        Assert.Equal(["production /workspace/prod unset", "test /workspace/test unset", "/workspace 1"], result.Texts);
    }

    [Fact]
    public void Sessions_of_a_sandbox_share_its_files() =>
        Assert.Equal(["shared"], _engine.Run(
            """
            New-SandboxSession w -Sandbox $Box | Invoke-SandboxCommand 'echo shared > file'
            New-SandboxSession r -Sandbox $Box | Invoke-SandboxCommand 'cat file'
            """).Texts);

    [Fact]
    public void State_persists_between_commands() =>
        Assert.Equal(["/tmp one two 077"], _engine.Run(
            """
            $s = New-SandboxSession -Sandbox $Box
            $s | Invoke-SandboxCommand 'cd /tmp; v=one; f() { echo two; }; umask 077'
            $s | Invoke-SandboxCommand 'echo "$PWD $v $(f) $(umask | tail -c 4)"'
            """).Texts);

    [Fact]
    public void Exit_in_a_session_ends_the_command_and_says_shellRestarted()
    {
        dynamic result = _engine.Run("$s = New-SandboxSession -Sandbox $Box; $s | Invoke-SandboxCommand 'export A=kept; exit 5' -AsResult").One;
        Assert.Equal((5, true), ((int)result.ExitCode, (bool)result.ShellRestarted));
        Assert.Equal(["kept"], _engine.Run("$s | Invoke-SandboxCommand 'echo $A'").Texts);
    }

    [Fact]
    public void A_busy_session_says_what_it_runs()
    {
        using Engine busy = new();
        using var shell = busy.Prepare("$Box | New-SandboxSession busy | Invoke-SandboxCommand 'sleep 600'", ("Box", fixture.Box));
        shell.BeginInvoke();
        Wait.Until(() => _engine.Run("(Get-SandboxSession busy* -Sandbox $Box).RunningCommand").Texts is ["sleep 600"], "the command is shown");
        Assert.Equal(["Busy"], _engine.Run("(Get-SandboxSession busy -Sandbox $Box).State").Texts);
        shell.Stop();
    }

    [Fact]
    public void A_server_that_is_not_there_is_ServerUnreachable()
    {
        EngineResult result = _engine.Run("Get-SandboxSession $s", ("s", Gone()));
        Assert.Equal("ServerUnreachable", result.ErrorId);
        Assert.Equal("unix:/tmp/nosuch.sock", result.Error.TargetObject);
    }

    [Fact]
    public void Verbose_lines_tell_about_requests_and_the_server_in_use()
    {
        IReadOnlyList<string> lines = _engine.Run("Invoke-SandboxCommand true -Sandbox $Id -Verbose", ("Id", fixture.Id)).Clean.Verbose;
        Assert.Contains(lines, line => line.Contains("server 'unix:/", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith($"POST v1/sandbox/{fixture.Id}/exec 200 ", StringComparison.Ordinal));
    }

    private static System.Management.Automation.PSObject Gone()
    {
        System.Management.Automation.PSObject session = new();
        session.Properties.Add(new System.Management.Automation.PSNoteProperty("Id", "a"));
        session.Properties.Add(new System.Management.Automation.PSNoteProperty("SandboxId", "b"));
        session.Properties.Add(new System.Management.Automation.PSNoteProperty("Server", "unix:/tmp/nosuch.sock"));
        return session;
    }
}

namespace Sandbox.Tests;

public sealed class RecoveryTests
{
    [Fact]
    public void A_session_is_found_again_by_id_from_a_new_process_with_cwd_and_env()
    {
        using SandboxHome home = new();
        Make(home);
        Assert.Equal("/workspace/deep v1 live\n", ShellProcess.Run(home, Look));
    }

    [Fact]
    public void A_session_is_found_again_after_the_server_was_killed()
    {
        using SandboxHome home = new();
        Make(home);
        home.KillServer();
        Assert.Equal("/workspace/deep v1 live\n", ShellProcess.Run(home, Look));
    }

    [Fact]
    public void A_server_that_is_killed_between_two_commands_of_one_process_is_started_again()
    {
        using SandboxHome home = new();
        using ShellProcess shell = new(home, "-Command",
            """
            $s = New-SandboxSession again
            $s | Invoke-SandboxCommand 'echo first'
            while (-not [IO.File]::Exists("$env:SANDBOX_HOME/go")) { [Threading.Thread]::Sleep(20) }
            $s | Invoke-SandboxCommand 'echo second'
            """);
        Assert.Equal("first", shell.ReadLine());
        home.KillServer();
        File.WriteAllText(Path.Combine(home.Folder, "go"), "");
        Assert.Equal((0, "second\n", ""), shell.Finish());
    }

    [Fact]
    public void A_server_that_is_killed_under_a_command_is_ConnectionLost_and_never_success()
    {
        using SandboxHome home = new();
        using ShellProcess shell = new(home, "-Command",
            "New-SandboxSession lost | Invoke-SandboxCommand 'echo begun; sleep 600' -ErrorVariable e -ErrorAction SilentlyContinue; $e.FullyQualifiedErrorId.Split(',')[0]");
        Assert.Equal("begun", shell.ReadLine());
        home.KillServer();
        Assert.Equal((0, "ConnectionLost\n", ""), shell.Finish());
    }

    private const string Look = "Get-SandboxSession keep | Invoke-SandboxCommand 'echo $PWD $GIVEN $EXPORTED'";

    private static void Make(SandboxHome home) => Assert.Equal("", ShellProcess.Run(home,
        "New-SandboxSession keep -WorkingDirectory deep -Environment @{ GIVEN = 'v1' } | Invoke-SandboxCommand 'export EXPORTED=live'"));
}

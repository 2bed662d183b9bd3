namespace Sandbox.Tests;

public sealed class RecoveryTests
{
    [Fact]
    public void Session_is_found_by_id_from_a_new_process_with_its_state()
    {
        using TestHome home = new();
        Make(home);
        Assert.Equal("/workspace/deep v1 live\n", PowerShellProcess.Run(home, Look));
    }

    [Fact]
    public void Session_is_found_after_the_server_was_killed()
    {
        using TestHome home = new();
        Make(home);
        home.KillServer();
        Assert.Equal("/workspace/deep v1 live\n", PowerShellProcess.Run(home, Look));
    }

    [Fact]
    public void Server_killed_between_two_commands_is_started_again()
    {
        using TestHome home = new();
        using PowerShellProcess shell = new(home,
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
    public void Server_killed_during_a_command_is_not_noticed_and_it_runs_once()
    {
        using TestHome home = new();
        using PowerShellProcess shell = new(home,
            """
            $s = New-SandboxSession lasting
            $r = $s | Invoke-SandboxCommand 'echo run >> runs; echo begun; while [ ! -e go ]; do sleep 0.02; done; seq 1 1000' |
                ForEach-Object { if ($_ -eq 'begun') { $_ } else { $last = $_ } }
            $r; $last; $LASTEXITCODE
            $s | Invoke-SandboxCommand 'cat runs'
            """);
        Wait.Until(() => home.HasServer && Find(home, "runs") is not null, "the command runs");
        home.KillServer();
        Release(home, "runs");
        Assert.Equal((0, "begun\n1000\n0\nrun\n", ""), shell.Finish());
    }

    [Fact]
    public void Command_of_a_stopped_sandbox_has_an_error_its_output_and_no_exit_code()
    {
        using TestHome home = new();
        using PowerShellProcess shell = new(home,
            """
            $s = New-SandboxSession lost
            $s | Invoke-SandboxCommand 'echo begun; sleep 600' -ErrorVariable e -ErrorAction SilentlyContinue
            $e.FullyQualifiedErrorId.Split(',')[0]; "[$LASTEXITCODE]"
            $c = Get-SandboxProcess -IncludeCommand
            "$($c.State) [$($c.ExitCode)]"
            $c | Get-SandboxProcessOutput -ErrorAction SilentlyContinue
            'over'
            """);
        Assert.Equal("begun", shell.ReadLine());
        PowerShellProcess.Run(home, "Stop-Sandbox default");
        Assert.Equal((0, "SandboxStopped\n[]\nLost []\nbegun\nover\n", ""), shell.Finish());
    }

    [Fact]
    public void Processes_survive_a_killed_server_and_a_new_shell_follows_them()
    {
        using TestHome home = new();
        PowerShellProcess.Run(
            home, "$null = Start-SandboxProcess 'touch here; echo begun; while [ ! -e go ]; do sleep 0.02; done; echo ended; exit 3' -Id lasting");
        home.KillServer();
        Assert.Equal("lasting Running\n", PowerShellProcess.Run(home, "Get-SandboxProcess | ForEach-Object { \"$($_.Id) $($_.State)\" }"));
        using PowerShellProcess shell = new(home, "Get-SandboxProcess | Get-SandboxProcessOutput -Wait; (Get-SandboxProcess lasting).ExitCode");
        Assert.Equal("begun", shell.ReadLine());
        home.KillServer();
        Release(home, "here");
        Assert.Equal((0, "ended\n3\n", ""), shell.Finish());
    }

    private const string Look = "Get-SandboxSession keep | Invoke-SandboxCommand 'echo $PWD $GIVEN $EXPORTED'";

    private static void Make(TestHome home) => Assert.Equal("", PowerShellProcess.Run(home,
        "New-SandboxSession keep -WorkingDirectory deep -Environment @{ GIVEN = 'v1' } | Invoke-SandboxCommand 'export EXPORTED=live'"));

    private static string? Find(TestHome home, string name) => Directory.EnumerateFiles(home.Folder, name, SearchOption.AllDirectories).FirstOrDefault();

    /// <summary>Returns a script block that opens the gate: creates the file <c>go</c> next to the given file.</summary>
    private static void Release(TestHome home, string beside) => File.WriteAllText(Path.Combine(Path.GetDirectoryName(Find(home, beside))!, "go"), "");
}

namespace Sandbox.Tests;

/// <summary>Runspaces in a process whose environment changes. Each test has a process and a SANDBOX_HOME of its own.</summary>
public sealed class RunspaceTests : IDisposable
{
    private const string Nowhere = "unix:/nosuch/socket";

    private static readonly string Prelude = $$"""
        function New-Shell {
            $state = [initialsessionstate]::CreateDefault2()
            $state.ImportPSModule([string[]] '{{Paths.Manifest}}')
            $shell = [powershell]::Create($state)
            $shell
        }
        function Invoke-In($Shell, [string] $Script) {
            $Shell.Commands.Clear()
            $Shell.AddScript($Script).Invoke()
        }
        $one = New-Shell
        $two = New-Shell

        """;

    private readonly TestHome _home = new();

    [Fact]
    public void Later_change_of_SANDBOX_URI_does_not_affect_a_runspace_in_use() => Assert.Equal("True\n", Run(
        $"""
        $before = Invoke-In $one '(New-Sandbox).Server'
        $env:SANDBOX_URI = '{Nowhere}'
        (Invoke-In $one '(New-Sandbox).Server') -eq $before
        """));

    [Fact]
    public void Runspaces_use_the_servers_that_SANDBOX_URI_named_at_first_use() => Assert.Equal("True\nFalse\nTrue\nFalse\n", Run(
        $"""
        Invoke-In $one 'Test-SandboxServer -Quiet'
        $env:SANDBOX_URI = '{Nowhere}'
        Invoke-In $two 'Test-SandboxServer -Quiet'
        $env:SANDBOX_URI = ''
        Invoke-In $one 'Test-SandboxServer -Quiet'
        Invoke-In $two 'Test-SandboxServer -Quiet'
        """));

    [Fact]
    public void Runspace_restarts_its_own_server_after_SANDBOX_HOME_has_changed() => Assert.Equal("True\n", Run(
        """
        $before = Invoke-In $one '$box = New-Sandbox; $box.Server; Stop-SandboxServer'
        $env:SANDBOX_HOME = '/nosuch/home'
        (Invoke-In $one '$null = $box | Invoke-SandboxCommand true; (Get-SandboxServer).Uri') -eq $before
        """));

    [Fact]
    public void Runspaces_that_start_the_server_at_the_same_time_share_it() => Assert.Equal("4 1\n", Run(
        """
        $shells = 1..4 | ForEach-Object { New-Shell }
        $running = $shells | ForEach-Object { $null = $_.AddScript('(New-Sandbox).Server'); $_.BeginInvoke() }
        $servers = @(for ($i = 0; $i -lt 4; $i++) { $shells[$i].EndInvoke($running[$i]) })
        "$($servers.Count) $([Linq.Enumerable]::Count([Linq.Enumerable]::Distinct([string[]] $servers)))"
        """));

    [Fact]
    public void Completion_does_not_count_as_first_use() => Assert.Equal("False\n", Run(
        $$"""
        $null = Invoke-In $one '[Management.Automation.CommandCompletion]::CompleteInput("Get-Sandbox ", 12, @{})'
        $env:SANDBOX_URI = '{{Nowhere}}'
        Invoke-In $one 'Test-SandboxServer -Quiet'
        """));

    [Fact]
    public void Importing_the_module_again_reads_the_environment_again() => Assert.Equal("True\nFalse\n", Run(
        $"""
        Invoke-In $one 'Test-SandboxServer -Quiet'
        $env:SANDBOX_URI = '{Nowhere}'
        Invoke-In $one "Import-Module '{Paths.Manifest}' -Force; Test-SandboxServer -Quiet"
        """));

    public void Dispose() => _home.Dispose();

    private string Run(string script) => PowerShellProcess.Run(_home, Prelude + script);
}

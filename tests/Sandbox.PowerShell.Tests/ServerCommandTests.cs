namespace Sandbox.Tests;

/// <summary>The cmdlets on the server itself, each test with a home of its own.</summary>
public sealed class ServerCommandTests : IDisposable
{
    private readonly SandboxHome _home = new();

    [Fact]
    public void Get_starts_nothing_and_shows_what_runs()
    {
        Assert.Equal("Stopped True\n", PowerShellProcess.Run(_home, "Get-SandboxServer | ForEach-Object { \"$($_.State) $($_.IsLocal)\" }"));
        Assert.False(_home.HasServer);
        Assert.Equal("Running True True True\n", PowerShellProcess.Run(_home,
            "$box = New-Sandbox; Get-SandboxServer | ForEach-Object { \"$($_.State) $($_.IsLocal) $($_.Uri -eq $box.Server) $($_.ProcessId -gt 0)\" }"));
    }

    [Fact]
    public void Start_starts_the_local_server_and_leaves_a_running_one_as_it_is() => Assert.Equal("True\n", PowerShellProcess.Run(_home,
        "Start-SandboxServer; $one = Start-SandboxServer -PassThru; $two = Start-SandboxServer -PassThru; $one.ProcessId -eq $two.ProcessId"));

    [Fact]
    public void Stop_ends_the_sandboxes_processes_and_keeps_their_files()
    {
        Assert.Equal("Stopped\nStopped kept\n", PowerShellProcess.Run(_home,
            """
            $s = New-SandboxSession stay -Environment @{ A = 'kept' }
            $s | Invoke-SandboxCommand 'echo $A > file; sleep 600 &'
            (Stop-SandboxServer -PassThru).State
            "$((Get-Sandbox).State) $($s | Invoke-SandboxCommand 'cat file')"
            """));
        Assert.Equal("0\n", PowerShellProcess.Run(_home, "Invoke-SandboxCommand $args[0] | ForEach-Object { $_ }".Replace("$args[0]", "'ps -e 2>/dev/null | grep -c sleep; true'", StringComparison.Ordinal)));
    }

    [Fact]
    public void Stop_where_none_runs_starts_none_and_is_no_error()
    {
        Assert.Equal("", PowerShellProcess.Run(_home, "Stop-SandboxServer"));
        Assert.False(_home.HasServer);
    }

    [Fact]
    public void WhatIf_neither_starts_nor_stops()
    {
        PowerShellProcess.Run(_home, "Start-SandboxServer -WhatIf");
        Assert.False(_home.HasServer);
        Assert.EndsWith("Running\n", PowerShellProcess.Run(_home, "Start-SandboxServer; Stop-SandboxServer -WhatIf; (Get-SandboxServer).State"), StringComparison.Ordinal);
    }

    [Fact]
    public void Test_emits_one_object_per_ability_and_Quiet_a_bool()
    {
        Assert.Equal("server True\nisolation True\nTrue\nTrue\nFalse\n", PowerShellProcess.Run(_home,
            """
            Test-SandboxServer server, isol* | ForEach-Object { "$($_.Name) $($_.Available)" }
            Test-SandboxServer -Quiet
            Test-SandboxServer isolation -Quiet
            Test-SandboxServer nosuchability -Quiet
            """));
    }

    [Fact]
    public void Test_of_a_server_that_cannot_be_had_says_why_and_is_no_error()
    {
        using PowerShellProcess shell = new(_home, [], "Test-SandboxServer | ForEach-Object { \"$($_.Name) $($_.Available) $($_.Reason)\" }; Test-SandboxServer -Quiet", ("SANDBOX_URI", "unix:/nosuch/socket"));
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith("server False The server at 'unix:/nosuch/socket' cannot be reached", output, StringComparison.Ordinal);
        Assert.EndsWith("False\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Connect_DefaultSandbox_changes_the_sandbox_that_is_meant_when_none_is_named()
    {
        Assert.Equal("mine\nmine\nmine\ndefault\n", PowerShellProcess.Run(_home,
            """
            Connect-SandboxServer -DefaultSandbox mine
            (Get-SandboxServer).DefaultSandbox
            (New-SandboxSession).SandboxId
            (Get-Sandbox).Id
            Disconnect-SandboxServer
            (New-SandboxSession).SandboxId
            """));
    }

    [Fact]
    public void Connect_to_what_does_not_answer_is_an_error_and_changes_nothing()
    {
        Assert.Equal("ServerUnreachable\nInvalidRequest\nInvalidArgument\ndefault\n", PowerShellProcess.Run(_home,
            """
            foreach ($try in { Connect-SandboxServer unix:/nosuch/socket -DefaultSandbox x }, { Connect-SandboxServer nonsense }, { Connect-SandboxServer -ApiKey ([securestring]::new()) }) {
                try { & $try } catch { $_.FullyQualifiedErrorId.Split(',')[0] }
            }
            (New-SandboxSession).SandboxId
            """));
    }

    [Fact]
    public void Without_a_server_completion_is_empty_without_an_error_and_starts_none()
    {
        Assert.Equal("0 0\n", PowerShellProcess.Run(_home,
            """
            $found = [Management.Automation.CommandCompletion]::CompleteInput('Get-Sandbox ', 12, @{}).CompletionMatches
            $ids = @($found | Where-Object ResultType -eq ParameterValue)
            "$($ids.Count) $($Error.Count)"
            """));
        Assert.False(_home.HasServer);
    }

    [Fact]
    public void Objects_whose_local_server_has_gone_start_it_again() => Assert.Equal("again\n", PowerShellProcess.Run(_home,
        "$s = New-SandboxSession; Stop-SandboxServer; $s | Invoke-SandboxCommand 'echo again'"));

    public void Dispose() => _home.Dispose();
}

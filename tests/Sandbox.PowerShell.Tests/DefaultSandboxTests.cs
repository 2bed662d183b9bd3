namespace Sandbox.Tests;

/// <summary>The sandbox that is meant when none is named. Each test has a server of its own, where nobody else uses it.</summary>
public sealed class DefaultSandboxTests
{
    [Fact]
    public void It_is_made_on_first_use_and_only_by_use()
    {
        using SandboxHome home = new();
        Assert.Equal("", PowerShellProcess.Run(home, "Get-SandboxSession; Get-SandboxEnv; @() | Invoke-SandboxCommand true; Get-Sandbox"));
        Assert.Equal("hello\ndefault False\n", PowerShellProcess.Run(home, "Invoke-SandboxCommand 'echo hello'; Get-Sandbox | ForEach-Object { \"$($_.Id) $($_.DefaultSession)\" }"));
    }

    [Theory]
    [InlineData("Set-SandboxContent file hello")]
    [InlineData("Set-SandboxContent file hello -Append")]
    public void A_file_that_is_its_first_use_arrives_whole(string script)
    {
        using SandboxHome home = new();
        Assert.Equal("hello\n", PowerShellProcess.Run(home, $"{script}; Get-SandboxContent file"));
    }

    [Fact]
    public void Two_shells_that_need_it_first_at_the_same_time_share_it()
    {
        using SandboxHome home = new();
        const string Script = "New-SandboxSession | Invoke-SandboxCommand 'echo $$ >> who; echo ok'";
        using PowerShellProcess one = new(home, Script);
        using PowerShellProcess two = new(home, Script);
        Assert.Equal(((0, "ok\n", ""), (0, "ok\n", "")), (one.Finish(), two.Finish()));
        Assert.Equal("2\n", PowerShellProcess.Run(home, "Invoke-SandboxCommand 'wc -l < who'"));
    }

    [Fact]
    public void A_command_without_a_session_runs_in_a_shell_that_is_thrown_away()
    {
        using SandboxHome home = new();
        Assert.Equal("/workspace []\n", PowerShellProcess.Run(home, "Invoke-SandboxCommand 'cd /tmp; export A=1'; Invoke-SandboxCommand 'echo $PWD [$A]'"));
    }

    [Fact]
    public void Removing_default_is_DefaultSessionProtected()
    {
        using SandboxHome home = new();
        Assert.Equal("DefaultSessionProtected\nkept\n", PowerShellProcess.Run(home,
            """
            $box = New-Sandbox box -DefaultSession
            $box | Invoke-SandboxCommand 'export A=kept'
            Remove-SandboxSession default -Sandbox $box -ErrorVariable e -ErrorAction SilentlyContinue
            $e.FullyQualifiedErrorId.Split(',')[0]
            $box | Invoke-SandboxCommand 'echo $A'
            """));
    }
}

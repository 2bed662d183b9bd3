namespace Sandbox.Tests;

public sealed class DefaultSandboxTests
{
    [Fact]
    public void Two_shells_that_first_use_it_concurrently_share_it()
    {
        using TestHome home = new();
        const string Script = "New-SandboxSession | Invoke-SandboxCommand 'echo $$ >> who; echo ok'";
        using PowerShellProcess one = new(home, Script);
        using PowerShellProcess two = new(home, Script);
        Assert.Equal(((0, "ok\n", ""), (0, "ok\n", "")), (one.Finish(), two.Finish()));
        Assert.Equal("2\n", PowerShellProcess.Run(home, "Invoke-SandboxCommand 'wc -l < who'"));
    }
}

using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Stopping Wait-SandboxProcess.</summary>
public sealed class WaitProcessTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Stopping_a_wait_leaves_the_process_running()
    {
        _ = _engine.Run("$null = Start-SandboxProcess 'sleep 600' -Id waited -Sandbox $Box").Clean;
        using PowerShellEngine other = new();
        using PowerShell shell = other.Prepare("'begun'; Get-SandboxProcess waited -Sandbox $Box | Wait-SandboxProcess", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "it waits");
        shell.Stop();
        Assert.Equal(["Running"], _engine.Run("(Get-SandboxProcess waited -Sandbox $Box).State; Stop-SandboxProcess waited -Sandbox $Box -Force").Texts);
    }
}

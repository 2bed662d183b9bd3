using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Stopping code while it runs.</summary>
public sealed class CodeTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Ctrl_C_interrupts_the_code_and_keeps_the_context_state()
    {
        _ = _engine.Run("$c = New-SandboxCodeContext -Sandbox $Box").Clean;
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare("$c | Invoke-SandboxCode \"kept = 1`nprint('begun')`nwhile True: pass\"", ("c", _engine.Run("$c").Output[0]));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first line");
        shell.Stop();
        Assert.Equal(["1"], _engine.Run("$c | Invoke-SandboxCode 'print(kept)'").Texts);
    }

    [Fact]
    public void Pipeline_that_stops_early_interrupts_the_code()
    {
        _ = _engine.Run("$c = New-SandboxCodeContext -Sandbox $Box; $c | Invoke-SandboxCode 'kept = 1'").Clean;
        Assert.Equal(["first"], _engine.Run("$c | Invoke-SandboxCode \"print('first')`nwhile True: pass\" | Select-Object -First 1").Texts);
        Assert.Equal(["1"], _engine.Run("$c | Invoke-SandboxCode 'print(kept)'").Texts);
    }
}

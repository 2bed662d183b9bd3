using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Stopping a copy. Other tests of copies: SandboxItem.Tests.ps1.</summary>
public sealed class CopyTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>, IDisposable
{
    private static int s_next;

    private readonly PowerShellEngine _engine = fixture.Engine;
    private readonly string _inside = $"/workspace/k{Interlocked.Increment(ref s_next)}";
    private readonly string _here = Directory.CreateTempSubdirectory("sbxcopy").FullName;

    public void Dispose() => Directory.Delete(_here, recursive: true);

    [Fact]
    public void Stop_ends_a_copy_and_leaves_nothing()
    {
        using (FileStream large = File.Create(_here + "/large"))
        {
            large.SetLength(64L << 30);
        }

        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare("Copy-SandboxItem $H/large $D/large -ToSandbox $Box -Force", ("Box", fixture.Box), ("D", _inside), ("H", _here));
        shell.BeginInvoke();
        Wait.Until(() => Run("Test-SandboxPath $D -Sandbox $Box").Texts is ["True"], "the copy has begun");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Empty(Run("Get-SandboxChildItem $D -Force -Sandbox $Box").Output);
    }

    private ScriptResult Run(string script) => _engine.Run(script, ("D", _inside), ("H", _here));
}

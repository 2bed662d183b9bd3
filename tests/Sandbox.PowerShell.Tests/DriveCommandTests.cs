using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Ctrl+C while PowerShell's own cmdlets use a drive. Other tests of drives: SandboxDrive.Tests.ps1.</summary>
public sealed class DriveCommandTests : IClassFixture<SandboxFixture>, IDisposable
{
    private static int s_next;

    private readonly PowerShellEngine _engine = new();
    private readonly ManualResetEventSlim _begun = new();
    private readonly string _directory = $"/workspace/dc{Interlocked.Increment(ref s_next)}";

    public DriveCommandTests(SandboxFixture fixture) => _ = Run(
        """
        $null = Connect-SandboxServer -DefaultSandbox $Id
        $null = New-SandboxItem $D -ItemType Directory
        $null = New-PSDrive box Sandbox / -Sandbox $Id
        $B = "box:$D"
        """, ("Id", fixture.Id), ("D", _directory)).Clean;

    public void Dispose()
    {
        _begun.Dispose();
        _engine.Dispose();
    }

    [Fact]
    public void Ctrl_C_while_writing_content_keeps_the_old_file()
    {
        _ = Run("Set-Content $B/file old").Clean;
        using (PowerShell shell = _engine.Prepare("& { 'new'; $Begun.Set(); Invoke-SandboxCommand 'sleep 600' } | Set-Content $B/file", ("Begun", _begun)))
        {
            shell.BeginInvoke();
            Assert.True(_begun.Wait(Wait.Limit));
            shell.Stop();
            Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        }

        Assert.Equal(["old"], Run("Get-Content $B/file").Texts);
    }

    [Theory]
    [InlineData("while ($true) { Get-ChildItem box:/usr -Recurse }")]
    [InlineData("while ($true) { Get-ChildItem box:/usr -Recurse -Name }")]
    [InlineData("Set-Content $B/log begun; Get-Content $B/log -Wait")]
    [InlineData("Invoke-SandboxCommand \"truncate -s 1T $D/endless\"; Get-Content $B/endless -AsByteStream")]
    [InlineData("'begun'; for ($i = 0; $true; $i++) { $null = New-Item $B/n$i; Remove-Item $B/n$i }")]
    [InlineData("'begun'; while ($true) { Copy-Item box:/usr/lib $B/copy -Recurse; Remove-Item $B/copy -Recurse -Force }")]
    public void Ctrl_C_ends_an_endless_command(string script)
    {
        using PowerShell shell = _engine.Prepare(script);
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count > 0, "it has begun");
        Assert.True(shell.BeginStop(null, null).AsyncWaitHandle.WaitOne(Wait.Limit), "it does not end");
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Equal(["True"], Run("Test-Path $B").Texts);
    }

    private ScriptResult Run(string script, params (string Name, object? Value)[] variables) => _engine.Run(script, variables);
}

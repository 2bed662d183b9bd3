using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Content on a full disk and beside a running command. Other tests of content: SandboxContent.Tests.ps1.</summary>
public sealed class ContentTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static int s_next;

    private readonly PowerShellEngine _engine = fixture.Engine;
    private readonly string _file = $"c{Interlocked.Increment(ref s_next)}";

    [Fact]
    public void Full_disk_is_an_error_and_keeps_the_old_file()
    {
        Assert.Equal(["DiskFull", "DiskFull", "old"], Run(
            """
            Set-SandboxContent /run/full/f old -Force -Sandbox $Box -ErrorAction SilentlyContinue
            $place = if (Test-SandboxPath /run/full/f -Sandbox $Box) { '/run/full' } else { '/tmp' }
            Set-SandboxContent $place/f old -Sandbox $Box
            $size = (Invoke-SandboxCommand "df --output=avail -B1 $place | tail -1" -Sandbox $Box).Trim()
            Invoke-SandboxCommand "head -c $([long]$size - 1000000) /dev/zero > $place/filler" -Sandbox $Box
            $big = [byte[]]::new(3000000)
            Set-SandboxContent $place/f $big -AsByteStream -Sandbox $Box -ErrorVariable first -ErrorAction SilentlyContinue
            Set-SandboxContent $place/f $big -AsByteStream -Append -Sandbox $Box -ErrorVariable second -ErrorAction SilentlyContinue
            $first[0].FullyQualifiedErrorId.Split(',')[0]
            $second[0].FullyQualifiedErrorId.Split(',')[0]
            Get-SandboxContent $place/f -Sandbox $Box
            Remove-SandboxItem $place/filler -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void Reading_does_not_wait_for_a_running_command()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            "$s = New-SandboxSession busy -Sandbox $Box; $s | Invoke-SandboxCommand 'mkfifo go; echo begun; cat go; echo ended'", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the command runs");
        Assert.Equal(["x"], Run("Set-SandboxContent $F x -Session busy -Sandbox $Box; Get-SandboxContent $F -Session busy -Sandbox $Box").Texts);
        _ = Run("Invoke-SandboxCommand 'true > go' -Sandbox $Box").Clean;
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit), "the command goes on");
        Assert.Equal("ended", output[^1].ToString());
    }

    private ScriptResult Run(string script) => _engine.Run(script, ("F", _file));
}

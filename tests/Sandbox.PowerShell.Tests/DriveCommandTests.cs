using System.Diagnostics;
using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>The drive under PowerShell's own cmdlets.</summary>
public sealed class DriveCommandTests : IClassFixture<SandboxFixture>, IDisposable
{
    private static int s_next;

    private readonly Engine _engine = new();
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

    [Theory]
    [InlineData("Get-ChildItem gone:/")]
    [InlineData("Get-ChildItem gone:/ -Recurse")]
    [InlineData("Get-ChildItem gone:/*.txt")]
    [InlineData("Get-Item gone:/x")]
    [InlineData("Get-Content gone:/x")]
    [InlineData("Get-Content gone:/x -ErrorAction Stop")]
    [InlineData("Set-Content gone:/x text")]
    [InlineData("Set-Content gone:/x text -ErrorAction Stop")]
    [InlineData("New-Item gone:/x")]
    [InlineData("Remove-Item gone:/x")]
    [InlineData("Copy-Item gone:/x gone:/y")]
    [InlineData("Move-Item gone:/x gone:/y")]
    [InlineData("Set-Location gone:/")]
    [InlineData("Test-Path gone:/x -ErrorAction Stop")]
    public void A_drive_whose_sandbox_is_gone_says_so(string script)
    {
        MakeGoneDrive();
        Assert.Equal("SandboxNotFound", Run(script).ErrorId);
    }

    [Fact]
    public void A_drive_whose_sandbox_is_gone_has_no_paths_and_can_be_removed()
    {
        MakeGoneDrive();
        Assert.Equal(["False"], Run("Test-Path gone:/ -ErrorAction Ignore").Texts);
        Assert.Equal(["0"], Run("Remove-PSDrive gone; @(Get-PSDrive -PSProvider Sandbox | Where-Object Name -eq gone).Count").Texts);
    }

    [Fact]
    public void Content_that_cannot_be_written_is_an_error_and_the_old_file_stays_whole()
    {
        _ = Run("Set-SandboxContent $D/file old; Invoke-SandboxCommand \"mkdir $D/shut; echo old > $D/shut/file; chmod 555 $D/shut\"").Clean;
        Assert.Equal("PermissionDenied", Run("Set-Content $B/shut/file new").ErrorId);
        Assert.Equal("IsADirectory", Run("Add-Content $B/shut new -ErrorAction Stop").ErrorId);
        Assert.Equal(["old"], Run("Get-Content $B/shut/file").Texts);
    }

    [Fact]
    public void Content_that_Ctrl_C_cuts_leaves_the_old_file_whole()
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

    [Fact]
    public void Files_are_removed_and_new_ones_written_by_their_literal_names()
    {
        Assert.Equal(["x [1]", "y"], Run(
            """
            Set-Content -LiteralPath "$B/x [1]" text
            $null = New-Item $B/gone, $B/y
            Remove-Item $B/gone
            Set-Content -LiteralPath "$B/z [2]" text
            Remove-Item -LiteralPath "$B/z [2]"
            (Get-ChildItem $B).Name
            """).Texts);
        Assert.Equal(["text"], Run("Get-Content -LiteralPath \"$B/x [1]\"").Texts);
        Assert.Equal(["low [1]", "x [1]", "y"], Run("$null = New-PSDrive low Sandbox $D; Set-Content -LiteralPath 'low:/low [1]' text; (Get-ChildItem $B).Name").Texts);
    }

    [Theory]
    [InlineData("Get-ChildItem $B -Recurse -Include *.txt", "x.txt")]
    [InlineData("Get-ChildItem $B -Recurse -Exclude *.txt", "again,circle,sub")]
    [InlineData("Get-ChildItem $B/again -Recurse -Include *.txt", "x.txt")]
    [InlineData("Get-ChildItem $B -Recurse -Filter *.txt", "x.txt")]
    public void A_tree_is_walked_without_the_links_in_it(string script, string names)
    {
        _ = Run("Invoke-SandboxCommand \"cd $D; mkdir sub; touch sub/x.txt; ln -s . circle; ln -s sub again\"").Clean;
        Assert.Equal(names.Split(','), Run($"({script}).Name").Texts.Order());
    }

    [Theory]
    [InlineData("Get-ChildItem box:/usr -Recurse")]
    [InlineData("Get-ChildItem box:/usr -Recurse -Name")]
    [InlineData("Set-Content $B/log begun; Get-Content $B/log -Wait")]
    [InlineData("Get-Content box:/usr/bin/bash -AsByteStream")]
    [InlineData("'begun'; foreach ($i in 1..100000) { $null = New-Item $B/n$i; Remove-Item $B/n$i }")]
    [InlineData("'begun'; while ($true) { Copy-Item box:/usr/lib $B/copy -Recurse; Remove-Item $B/copy -Recurse -Force }")]
    public void Ctrl_C_ends_it_at_once(string script)
    {
        using PowerShell shell = _engine.Prepare(script);
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count > 0, "it has begun");
        long begin = Stopwatch.GetTimestamp();
        shell.Stop();
        Assert.InRange(Stopwatch.GetElapsedTime(begin).TotalSeconds, 0, 3);
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Equal(["True"], Run("Test-Path $B").Texts);
    }

    private void MakeGoneDrive() => _ = Run(
        """
        $other = New-Sandbox
        $null = New-PSDrive gone Sandbox / -Sandbox $other
        $other | Remove-Sandbox
        """).Clean;

    private EngineResult Run(string script, params (string Name, object? Value)[] variables) => _engine.Run(script, variables);
}

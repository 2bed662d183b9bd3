using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>The drive, through the engine's own door to providers: the cmdlets of the management module are not here. With them, see SandboxDrive.Tests.ps1.</summary>
public sealed class DriveTests : IClassFixture<SandboxFixture>, IDisposable
{
    private static int s_next;

    private readonly Engine _engine = new();
    private readonly string _directory = $"/workspace/d{Interlocked.Increment(ref s_next)}";

    public DriveTests(SandboxFixture fixture) => _ = _engine.Run(
        """
        $null = Connect-SandboxServer -DefaultSandbox $Id
        $null = New-SandboxItem $D -ItemType Directory
        $P = $ExecutionContext.InvokeProvider
        $state = $ExecutionContext.SessionState
        $null = $state.Drive.New([System.Management.Automation.PSDriveInfo]::new('box', $state.Provider.GetOne('Sandbox'), '/', '', $null), 'global')
        $B = "box:$D"
        """, ("Id", fixture.Id), ("D", _directory)).Clean;

    public void Dispose() => _engine.Dispose();

    [Fact]
    public void Listing_is_that_of_the_sandbox_with_hidden_names_on_Force_alone()
    {
        _ = Run("Invoke-SandboxCommand \"cd $D; mkdir -p a/b; touch f.txt g.md .hidden a/b/deep.txt 'with space' '[x]' back-tick\"").Clean;
        Assert.Equal(["[x]", "a", "back-tick", "f.txt", "g.md", "with space"], Run("$P.ChildItem.Get($B, $false).Name").Texts);
        Assert.Contains(".hidden", Run("$P.ChildItem.Get(@($B), $false, $true, $true).Name").Texts);
        Assert.Contains($"{_directory}/a/b/deep.txt", Run("$P.ChildItem.Get($B, $true).FullName").Texts);
        Assert.Equal(["a", "f.txt"], Run("$P.ChildItem.Get($B, $false) | Where-Object Name -in 'a', 'f.txt' | ForEach-Object Name").Texts);
        Assert.Equal(["True False"], Run("\"$($P.Item.Get(\"$B/a\").PSIsContainer) $($P.Item.Get(\"$B/f.txt\").PSIsContainer)\"").Texts);
    }

    [Fact]
    public void Wildcards_and_names_that_look_like_them_are_told_apart()
    {
        _ = Run("Invoke-SandboxCommand \"cd $D; touch a.txt b.txt c.md '[x]'\"").Clean;
        Assert.Equal(["a.txt", "b.txt"], Run("$P.Item.Get(\"$B/*.txt\").Name").Texts);
        Assert.Equal(["[x]"], Run("$P.Item.Get(@(\"$B/[x]\"), $false, $true).Name").Texts);
        Assert.Equal(["a.txt", "b.txt"], Run("$P.Item.Get(\"$B/[ab].txt\").Name").Texts);
    }

    [Fact]
    public void Items_are_made_copied_moved_renamed_and_removed()
    {
        Assert.Equal(["new 5 File", "Directory", "new", "kept", "renamed", "False"], Run(
            """
            $made = $P.Item.New($B, 'new', 'File', 'hello'); "$($made.Name) $($made.Length) $($made.Type)"
            $P.Item.New($B, 'dir', 'Directory', $null).Type
            $null = $P.Item.Copy("$B/new", "$B/dir", $false, 'CopyTargetContainer')
            $P.ChildItem.Get("$B/dir", $false).Name
            $null = $P.Item.Move("$B/dir/new", "$B/kept")
            $P.Item.Get("$B/kept").Name
            $P.Item.Rename("$B/kept", 'renamed').Name
            $P.Item.Remove("$B/dir", $true)
            $P.Item.Exists("$B/dir")
            """).Texts);
        Assert.Equal(["hello"], Run("Get-SandboxContent $D/renamed").Texts);
        Assert.Equal("PathExists", Fail("$P.Item.New($B, 'renamed', 'File', 'other')"));
        Assert.Equal("InvalidArgument", Fail("$P.Item.New($B, 'pipe', 'Fifo', $null)"));
    }

    [Fact]
    public void Content_is_read_in_pieces_replaced_and_added_to()
    {
        Assert.Equal(["one", "two three", "0"], Run(
            """
            $w = $P.Content.GetWriter("$B/f")[0]; $null = $w.Write(@('one', 'two')); $w.Close(); $w.Dispose()
            $w = $P.Content.GetWriter("$B/f")[0]; $w.Seek(0, 'End'); $null = $w.Write(@('three')); $w.Close(); $w.Dispose()
            $r = $P.Content.GetReader("$B/f")[0]; try { $r.Read(1); "$($r.Read(0))"; $r.Read(1).Count } finally { $r.Dispose() }
            """).Texts);
        Assert.Equal(["one", "two", "three"], Run("Get-SandboxContent $D/f").Texts);
        Assert.Equal(["0"], Run("$P.Content.Clear(\"$B/f\"); (Get-SandboxItem $D/f).Length").Texts);
    }

    [Fact]
    public void The_location_is_in_it_and_relative_paths_start_there()
    {
        Assert.Equal([$"box:{_directory}/sub", "f", "box:/", "True"], Run(
            """
            Invoke-SandboxCommand "mkdir $D/sub; touch $D/sub/f"
            $here = $state.Path.CurrentLocation
            try {
                $null = $state.Path.SetLocation("$B/sub"); $state.Path.CurrentLocation.Path
                $P.ChildItem.Get('.', $false).Name
                $null = $state.Path.SetLocation('box:/'); $state.Path.CurrentLocation.Path
                $P.Item.Exists("..$D/sub/../sub/f")
            } finally { $null = $state.Path.SetLocation($here) }
            """).Texts);
    }

    [Fact]
    public void A_path_that_an_item_carries_leads_back_to_it_and_nothing_else_does()
    {
        Assert.Equal(["1", "f g", "", "g"], Run(
            """
            Invoke-SandboxCommand "echo 1 > $D/f; touch $D/g"
            $items = $P.ChildItem.Get($B, $false)
            $r = $P.Content.GetReader($items[0].PSPath)[0]; try { $r.Read(0) } finally { $r.Dispose() }
            "$($items.PSChildName)"
            "$($items[0].PSObject.Properties['Path'])"
            $P.Item.Remove($items[0].PSPath, $false)
            $P.ChildItem.Get($B, $false).Name
            """).Texts);
        Assert.Equal(["g"], Run("$P.Item.Get(\"$B/g\") | Copy-SandboxItem -Destination $D/h; $P.Item.Get(\"$B/h\") | ForEach-Object { 'g' }").Texts);
    }

    [Fact]
    public void What_a_command_changes_is_seen_at_once()
    {
        Assert.Equal(["False", "True", "f", "False", "0"], Run(
            """
            $P.Item.Exists("$B/f")
            Invoke-SandboxCommand "touch $D/f"
            $P.Item.Exists("$B/f")
            $P.Item.Get("$B/f*").Name
            Remove-SandboxItem $D/f
            $P.Item.Exists("$B/f")
            @($P.Item.Get("$B/f*")).Count
            """).Texts);
    }

    [Fact]
    public void A_root_below_is_the_top_of_its_drive()
    {
        Assert.Equal(["low/low", "f", "low:/f"], Run(
            """
            Invoke-SandboxCommand "mkdir $D/low; touch $D/low/f"
            $low = $state.Drive.New([System.Management.Automation.PSDriveInfo]::new('low', $state.Provider.GetOne('Sandbox'), "$D/low", '', $null), 'global')
            $low.Root.Replace($D, '')
            $P.ChildItem.Get('low:/', $false).Name
            'low:/f' | Where-Object { $P.Item.Exists($_) }
            """).Texts);
        Assert.Equal("PathNotFound", Fail("$state.Drive.New([System.Management.Automation.PSDriveInfo]::new('none', $state.Provider.GetOne('Sandbox'), '/none', '', $null), 'global')"));
    }

    private EngineResult Run(string script) => _engine.Run(script);

    // A method that is called wraps what it throws.
    private string Fail(string script)
    {
        Exception failure = Run(script).Error.Exception;
        while (failure.InnerException is IContainsErrorRecord and Exception inner)
        {
            failure = inner;
        }

        return ((IContainsErrorRecord)failure).ErrorRecord.FullyQualifiedErrorId.Split(',')[0];
    }
}

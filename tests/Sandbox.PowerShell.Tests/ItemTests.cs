using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>The item cmdlets, end to end.</summary>
public sealed class ItemTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static int s_next;

    private readonly Engine _engine = fixture.Engine;
    private readonly string _directory = $"/workspace/i{Interlocked.Increment(ref s_next)}";

    [Fact]
    public void Items_are_made_found_listed_and_removed()
    {
        Assert.Equal(["Directory a/b", "File a/f", "Link a/l"], Run(
            """
            New-SandboxItem $D/a/b -ItemType Directory -Sandbox $Box | Out-Null
            $null = New-SandboxItem $D/a/f -Value text -Sandbox $Box
            $null = New-SandboxItem $D/a/l -ItemType SymbolicLink -Value f -Sandbox $Box
            Get-SandboxChildItem $D/a -Sandbox $Box | ForEach-Object { "$($_.Type) $($_.SandboxPath.Substring($D.Length + 1))" }
            """.Replace(" | Out-Null", " | ForEach-Object { }", StringComparison.Ordinal)).Texts);
        dynamic item = Run("Get-SandboxItem $D/a/l -Sandbox $Box").One;
        Assert.Equal(("l", "f", "File", "lrwxrwxrwx", fixture.Id), ((string)item.Name, (string)item.LinkTarget, (string)item.LinkTargetType.ToString(), (string)item.UnixMode, (string)item.SandboxId));
        Assert.Equal("PathExists", Run("New-SandboxItem $D/a/f -Sandbox $Box").ErrorId);
        Assert.Equal("PathExists", Run("New-SandboxItem $D/a -ItemType Directory -Sandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("New-SandboxItem $D/none/f -Sandbox $Box").ErrorId);
        Assert.Single(Run("New-SandboxItem $D/a -ItemType Directory -Force -Sandbox $Box; $null = New-SandboxItem $D/made/f -Force -Sandbox $Box").Clean.Output);
        EngineResult full = Run("Remove-SandboxItem $D/a -Sandbox $Box");
        Assert.Equal(("DirectoryNotEmpty", $"{_directory}/a"), (full.ErrorId, full.Error.TargetObject));
        Assert.Equal(["False", "True"], Run("Remove-SandboxItem $D/a -Recurse -Sandbox $Box; Test-SandboxPath $D/a, $D/made/f -Sandbox $Box").Texts);
    }

    [Fact]
    public void Items_are_piped_to_each_other_and_carry_their_sandbox()
    {
        Assert.Equal(["x.txt:x", "y.txt:y"], Run(
            """
            'x', 'y' | ForEach-Object { $null = New-SandboxItem "$D/$_.txt" -Value $_ -Force -Sandbox $Box }
            Get-SandboxChildItem $D -Sandbox $Box | ForEach-Object { "$($_.Name):$($_ | Get-SandboxContent)" }
            """).Texts);
        Assert.Equal(["/backup/x.txt", "/backup/y.txt"], Run(
            """
            $null = New-SandboxItem $D/backup -ItemType Directory -Sandbox $Box
            Get-SandboxChildItem $D -File -Sandbox $Box | Move-SandboxItem -Destination "$D/backup" -PassThru | ForEach-Object { $_.SandboxPath.Substring($D.Length) }
            """).Texts);
        PSObject item = Run("Get-SandboxItem $D/backup/x.txt -Sandbox $Box").Clean.Output[0];
        PSObject copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(item));
        Assert.Equal(["x"], _engine.Run("$copy | Get-SandboxContent", ("copy", copy)).Texts);
        Assert.Empty(Run("Get-SandboxChildItem $D/backup -Sandbox $Box | Remove-SandboxItem; Get-SandboxChildItem $D/backup -Sandbox $Box").Texts);
        Assert.Empty(Run("Get-SandboxChildItem $D/backup -Sandbox $Box | Remove-SandboxItem").Texts);
    }

    [Fact]
    public void Sessions_and_sandboxes_are_piped_where_a_path_is_named_and_relative_paths_start_from_the_sessions_directory()
    {
        Assert.Equal([$"{_directory}/s/here", "here", "True", "hello", "False"], Run(
            """
            $s = New-SandboxSession -Sandbox $Box -WorkingDirectory "$D/s"
            $null = $s | New-SandboxItem here -Value hello
            ($s | Get-SandboxItem here).SandboxPath
            ($s | Get-SandboxChildItem).Name
            $s | Test-SandboxPath here
            $s | Get-SandboxContent here
            $Box | Test-SandboxPath here
            """).Texts);
    }

    [Fact]
    public void Wildcards_are_resolved_inside_and_names_are_taken_as_they_are_with_LiteralPath()
    {
        _ = Run("'a1.txt', 'a2.txt', 'b.md', '[a]', '.a' | ForEach-Object { Set-SandboxContent -LiteralPath \"$D/$_\" $_ -Force -Sandbox $Box }").Clean;
        Assert.Equal(["a1.txt", "a2.txt"], Run("(Get-SandboxItem $D/a*.txt -Sandbox $Box).Name").Texts);
        Assert.Equal(["a1.txt", "a2.txt", "b.md"], Run("(Get-SandboxChildItem $D/[ab]* -Sandbox $Box).Name").Texts);
        Assert.Equal(["[a]"], Run("(Get-SandboxItem -LiteralPath \"$D/[a]\" -Sandbox $Box).Name").Texts);
        Assert.Equal(["[a]"], Run("(Get-SandboxItem \"$D/``[a``]\" -Sandbox $Box).Name").Texts);
        Assert.Equal([".a"], Run("(Get-SandboxItem $D/.* -Sandbox $Box).Name").Texts);
        Assert.Equal([".a", "[a]", "a1.txt", "a2.txt", "b.md"], Run("(Get-SandboxChildItem $D -Force -Sandbox $Box).Name").Texts);
        Assert.Equal(["a1.txt", "a2.txt"], Run("(Get-SandboxChildItem $D -Filter *.txt -Sandbox $Box).Name").Texts);
        Assert.Empty(Run("Get-SandboxItem $D/none* -Sandbox $Box; Remove-SandboxItem $D/none* -Sandbox $Box").Texts);
        EngineResult missing = Run("Get-SandboxItem $D/none -Sandbox $Box");
        Assert.Equal(("PathNotFound", ErrorCategory.ObjectNotFound), (missing.ErrorId, missing.Error.CategoryInfo.Category));
        Assert.Equal([".a", "[a]", "b.md"], Run("Remove-SandboxItem $D/a* -Sandbox $Box; (Get-SandboxChildItem $D -Force -Sandbox $Box).Name").Texts);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("line\nbreak")]
    [InlineData("tab\there")]
    [InlineData("`[x]$y'\"")]
    [InlineData("🎉")]
    [InlineData("-rf")]
    public void Any_name_goes_through(string name)
    {
        _engine.Runspace.SessionStateProxy.SetVariable("name", name);
        Assert.Equal([name, "text"], Run(
            """
            Set-SandboxContent -LiteralPath "$D/$name" text -Force -Sandbox $Box
            $item = Get-SandboxChildItem $D -Sandbox $Box
            $item.Name
            $item | Rename-SandboxItem -NewName plain -PassThru | Get-SandboxContent
            """).Texts);
    }

    [Fact]
    public void A_name_that_is_not_UTF8_can_be_listed_read_renamed_and_removed()
    {
        Assert.Equal(["\udcff.txt", "bytes", "gone"], Run(
            """
            Invoke-SandboxCommand "mkdir -p $D; printf bytes > $D/`$'\xff.txt'" -Sandbox $Box
            $item = Get-SandboxChildItem $D -Sandbox $Box
            $item.Name
            $item | Get-SandboxContent
            $item | Remove-SandboxItem
            if (-not (Get-SandboxChildItem $D -Sandbox $Box)) { 'gone' }
            """).Texts);
    }

    [Fact]
    public void What_is_missing_is_named_the_thing_itself_or_the_directory_it_would_lie_in()
    {
        _ = Run("$null = New-SandboxItem $D/f -Force -Sandbox $Box").Clean;
        Assert.Equal($"{_directory}/none: No such file or directory.", Run("Move-SandboxItem $D/none $D/other -Sandbox $Box").Error.Exception.Message);
        foreach (string script in (string[])["Move-SandboxItem $D/f $D/no/f", "Set-SandboxContent $D/no/f x", "New-SandboxItem $D/no/f"])
        {
            Assert.Equal($"The directory '{_directory}/no' does not exist.", Run(script + " -Sandbox $Box").Error.Exception.Message);
        }
    }

    [Fact]
    public void Rename_and_Move_overwrite_with_Force_only_and_Move_goes_into_a_directory_that_exists()
    {
        _ = Run("'a', 'b' | ForEach-Object { Set-SandboxContent \"$D/$_\" $_ -Force -Sandbox $Box }; $null = New-SandboxItem $D/d -ItemType Directory -Sandbox $Box").Clean;
        Assert.Equal("PathExists", Run("Rename-SandboxItem $D/a b -Sandbox $Box").ErrorId);
        Assert.Equal("PathExists", Run("Move-SandboxItem $D/a $D/b -Sandbox $Box").ErrorId);
        Assert.Equal("PathNotFound", Run("Move-SandboxItem $D/a $D/none/ -Sandbox $Box").ErrorId);
        Assert.NotNull(Run("Rename-SandboxItem $D/a x/y -Sandbox $Box").Error);
        Assert.Equal([$"{_directory}/d/a", "a"], Run("(Move-SandboxItem $D/a $D/d -PassThru -Sandbox $Box).SandboxPath; Rename-SandboxItem $D/b a -Sandbox $Box; Move-SandboxItem $D/d/a $D/a -Force -Sandbox $Box; Get-SandboxContent $D/a -Sandbox $Box").Texts);
    }

    [Fact]
    public void What_cannot_be_looked_into_is_reported_and_the_rest_is_listed()
    {
        EngineResult result = Run(
            """
            Invoke-SandboxCommand "mkdir -p $D/closed $D/open; touch $D/open/f; chmod 0 $D/closed" -Sandbox $Box
            (Get-SandboxChildItem $D -Recurse -Sandbox $Box).Name
            Invoke-SandboxCommand "chmod 700 $D/closed" -Sandbox $Box
            """);
        Assert.Equal(["closed", "open", "f"], result.Output.Select(name => name.ToString()));
        Assert.Equal(("PermissionDenied", ErrorCategory.PermissionDenied), (result.ErrorId, result.Error.CategoryInfo.Category));
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        _ = Run("Set-SandboxContent $D/f old -Force -Sandbox $Box").Clean;
        Assert.Equal(["f", "old"], Run(
            """
            Set-SandboxContent $D/f new -WhatIf -Sandbox $Box
            Remove-SandboxItem $D/f -WhatIf -Sandbox $Box
            Move-SandboxItem $D/f $D/g -WhatIf -Sandbox $Box
            Rename-SandboxItem $D/f g -WhatIf -Sandbox $Box
            New-SandboxItem $D/g -WhatIf -Sandbox $Box
            Copy-SandboxItem $D/f $D/g -WhatIf -FromSandbox $Box -ToSandbox $Box
            Copy-SandboxItem /etc/hostname $D/g -WhatIf -ToSandbox $Box
            (Get-SandboxChildItem $D -Sandbox $Box).Name
            Get-SandboxContent $D/f -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void A_watch_emits_changes_until_it_is_stopped()
    {
        _ = Run("$null = New-SandboxItem $D -ItemType Directory -Sandbox $Box").Clean;
        using Engine watcher = new();
        using PowerShell shell = watcher.Prepare("Watch-SandboxItem $D -Recurse -Sandbox $Box -Verbose", ("D", _directory), ("Box", fixture.Box));
        PSDataCollection<PSObject> changes = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, changes);
        Wait.Until(() => shell.Streams.Verbose.Any(line => line.Message.StartsWith("Watching", StringComparison.Ordinal)), "the watch has begun");
        _ = Run("Invoke-SandboxCommand \"mkdir $D/sub; touch $D/sub/f; mv $D/sub/f $D/g\" -Sandbox $Box").Clean;
        Wait.Until(() => changes.Any(change => change.ToString() == $"Moved {_directory}/g" || change.ToString() == $"Created {_directory}/g"), "the last change is told");
        Assert.Contains($"Created {_directory}/sub", changes.Select(change => change.ToString()));
        shell.Stop();
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit), "the watch goes on");
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
    }

    [Fact]
    public void Items_of_a_sandbox_that_is_gone_or_of_an_unknown_session_are_errors()
    {
        Assert.Equal("SandboxNotFound", _engine.Run("Get-SandboxItem x -Sandbox nosuch").ErrorId);
        Assert.Equal("SessionNotFound", _engine.Run("Get-SandboxChildItem -Session nosuch -Sandbox $Box").ErrorId);
        Assert.Equal("InvalidRequest", _engine.Run("Test-SandboxPath -LiteralPath \"a`0b\" -Sandbox $Box").ErrorId);
    }

    private EngineResult Run(string script) => _engine.Run(script, ("D", _directory));
}

using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class BackupTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>, IDisposable
{
    private const string Fill = "rm -rf /workspace/* && cd /workspace && mkdir -p a/b .hidden node_modules && printf x > 'a/b/with space' && printf y > .hidden/f && printf z > node_modules/big && ln -s b a/link && chmod 750 a/b && touch -d 2001-02-03T04:05:06Z a/b";
    private const string Tree = "cd /workspace && find . -mindepth 1 -printf '%P %y %m %l\\n' | sort";

    private readonly Engine _engine = fixture.Engine;
    private readonly string _here = Directory.CreateTempSubdirectory("sbxbackup").FullName;

    public void Dispose() => Directory.Delete(_here, recursive: true);

    [Theory]
    [InlineData("w.tar", "ustar", 257)]
    [InlineData("w.tar.gz", "\u001f", 0)]
    [InlineData("w.TGZ", "\u001f", 0)]
    [InlineData("w.tar.br", "", 0)]
    public void A_workspace_is_kept_as_its_ending_says_and_comes_back_as_it_was(string name, string magic, int at)
    {
        string before = string.Join('\n', Run($"Invoke-SandboxCommand \"{Fill}\" -Sandbox $Box; Invoke-SandboxCommand \"{Tree}\" -Sandbox $Box").Texts);
        Assert.Contains("a/b d 750", before, StringComparison.Ordinal);
        EngineResult result = Run(
            $$"""
            (Backup-Sandbox $Box $H/{{name}}).Name
            Invoke-SandboxCommand 'cd /workspace && rm -rf a && echo new > later' -Sandbox $Box
            Restore-Sandbox $Box $H/{{name}}
            Invoke-SandboxCommand "{{Tree}}" -Sandbox $Box
            """);
        Assert.Equal([name, .. before.Split('\n')], result.Texts);
        Assert.Equal(magic, System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(_here, name)), at, magic.Length));
        Assert.Equal([name], Directory.EnumerateFileSystemEntries(_here).Select(Path.GetFileName));
    }

    [Fact]
    public void A_path_of_it_is_kept_without_what_is_excluded_and_goes_to_another_path_and_beside_what_is_there()
    {
        Assert.Equal(["a", "b", "c", "c/kept"], Run(
            $$"""
            Invoke-SandboxCommand 'rm -rf /workspace/*; mkdir -p /workspace/p/c /workspace/p/d; cd /workspace/p; touch a b c/kept x.log c/y.log d/z' -Sandbox $Box
            $null = Backup-Sandbox $Box "$H/p.tar.gz" -Path /workspace/p -Exclude *.log, d/z, d
            Restore-Sandbox $Box "$H/p.tar.gz" -DestinationPath /workspace/new/q
            (Get-SandboxChildItem /workspace/new/q -Recurse -Sandbox $Box).SandboxPath.Substring('/workspace/new/q/'.Length)
            """).Texts);
        Assert.Equal(["a", "b", "c", "other"], Run(
            """
            Invoke-SandboxCommand 'cd /workspace/new/q; rm a; touch other' -Sandbox $Box
            Restore-Sandbox $Box "$H/p.tar.gz" -DestinationPath /workspace/new/q -Merge
            (Get-SandboxChildItem /workspace/new/q -Sandbox $Box).Name
            """).Texts);
    }

    [Fact]
    public void Many_sandboxes_go_to_a_directory_and_never_to_one_file()
    {
        Assert.Equal(["heap1.tar.gz", "heap2.tar.gz"], Run(
            """
            $null = New-Sandbox heap1, heap2
            (Backup-Sandbox heap? $H).Name
            """).Texts.Order());
        Assert.Equal("PathExists", Run("Get-Sandbox heap? | Backup-Sandbox -DestinationPath $H/one.tar -Force").ErrorId);
        Assert.Equal("PathExists", Run("Backup-Sandbox heap1 $H").ErrorId);
        Assert.Single(Run("Backup-Sandbox heap1 $H -Force").Clean.Output);
        Assert.Empty(Run("Remove-Sandbox heap?").Texts);
    }

    [Fact]
    public void What_makes_no_sense_is_said_and_leaves_no_file()
    {
        Assert.Equal("InvalidArgument", Run("Backup-Sandbox $Box $H/w.zip").ErrorId);
        Assert.Contains(".tar.gz", Run("Restore-Sandbox $Box $H/w.zip").Error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal("SandboxNotFound", Run("Backup-Sandbox nobody $H/w.tar").ErrorId);
        Assert.Equal("PathNotFound", Run("Backup-Sandbox $Box $H/w.tar -Path /workspace/none").ErrorId);
        Assert.Equal("NotADirectory", Run("$null = New-SandboxItem file -Force -Sandbox $Box; Backup-Sandbox $Box $H/w.tar -Path /workspace/file").ErrorId);
        Assert.Equal("LocalFileFailed", Run("Backup-Sandbox $Box $H/none/w.tar").ErrorId);
        Assert.Equal("PathNotFound", Run("Restore-Sandbox $Box $H/none.tar").ErrorId);
        Assert.Empty(Run("Backup-Sandbox $Box $H/w.tar -WhatIf").Texts);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_here));
    }

    [Fact]
    public void Half_a_backup_a_damaged_one_and_one_that_would_leave_its_place_change_nothing()
    {
        Assert.Empty(Run($"Invoke-SandboxCommand \"{Fill} && head -c 200000 /dev/urandom > random\" -Sandbox $Box; $null = Backup-Sandbox $Box $H/w.tar; $null = Backup-Sandbox $Box $H/w.tgz").Texts);
        byte[] plain = File.ReadAllBytes(_here + "/w.tar"), packed = File.ReadAllBytes(_here + "/w.tgz");
        File.WriteAllBytes(_here + "/half.tar", plain[..(plain.Length / 2)]);
        File.WriteAllBytes(_here + "/entry.tar", plain[..^1024]);
        File.WriteAllBytes(_here + "/half.tgz", packed[..(packed.Length / 2)]);
        File.WriteAllText(_here + "/text.tgz", "This is no archive.");
        File.WriteAllText(_here + "/text.tar.br", "This is no archive.");
        File.WriteAllBytes(_here + "/empty.tar", []);
        WriteArchive("up.tgz", new PaxTarEntry(TarEntryType.RegularFile, "../evil"));
        WriteArchive("root.tgz", new PaxTarEntry(TarEntryType.RegularFile, "/workspace/evil"));
        WriteArchive("link.tgz", new PaxTarEntry(TarEntryType.SymbolicLink, "out") { LinkName = "/tmp" }, new PaxTarEntry(TarEntryType.RegularFile, "out/evil"));
        WriteArchive("hard.tgz", new PaxTarEntry(TarEntryType.HardLink, "hard") { LinkName = "../../etc/passwd" });
        string[] before = Run($"Invoke-SandboxCommand \"{Tree}\" -Sandbox $Box").Texts;
        foreach (string name in new[] { "half.tar", "entry.tar", "half.tgz", "text.tgz", "text.tar.br", "empty.tar", "up.tgz", "root.tgz", "link.tgz", "hard.tgz" })
        {
            EngineResult result = Run($"Restore-Sandbox $Box $H/{name}");
            Assert.True(result.ErrorId == "InvalidArchive", $"{name}: {result.Error}");

            // What is cut off here is cleared away there when that is seen.
            Wait.Until(() => before.SequenceEqual(Run($"Invoke-SandboxCommand \"{Tree}\" -Sandbox $Box").Texts), $"all is as before {name}");
        }
    }

    [Fact]
    public void Archives_of_tar_are_taken_and_ours_are_read_by_tar()
    {
        Directory.CreateDirectory(_here + "/t/d");
        File.WriteAllText(_here + "/t/d/f", "from tar");
        Shell("tar -czf theirs.tar.gz -C t . && rm -r t");
        Assert.Equal(["from tar"], Run("Restore-Sandbox $Box $H/theirs.tar.gz; Get-SandboxContent /workspace/d/f -Sandbox $Box; $null = Backup-Sandbox $Box $H/ours.tgz").Texts);
        Assert.Equal("from tar", Shell("tar -xzOf ours.tgz ./d/f"));
    }

    [Fact]
    public void Stop_ends_a_backup_and_leaves_no_half_of_it()
    {
        Assert.Empty(Run("Invoke-SandboxCommand 'truncate -s 8G /workspace/large' -Sandbox $Box").Texts);
        using Engine busy = new();
        using PowerShell shell = busy.Prepare("Backup-Sandbox $Box $H/large.tgz", ("Box", fixture.Box), ("H", _here));
        shell.BeginInvoke();
        Wait.Until(() => Directory.EnumerateFiles(_here).Any(file => new FileInfo(file).Length > 0), "the backup has begun");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_here));
        Assert.Empty(Run("Invoke-SandboxCommand 'rm /workspace/large' -Sandbox $Box").Texts);
    }

    private void WriteArchive(string name, params PaxTarEntry[] entries)
    {
        using TarWriter tar = new(new GZipStream(File.Create(Path.Combine(_here, name)), CompressionLevel.Fastest));
        foreach (PaxTarEntry entry in entries)
        {
            tar.WriteEntry(entry);
        }
    }

    private string Shell(string command)
    {
        using Process shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { WorkingDirectory = _here, RedirectStandardOutput = true })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return output;
    }

    private EngineResult Run(string script) => _engine.Run(script, ("H", _here));
}

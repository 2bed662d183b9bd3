using System.Formats.Tar;
using System.IO.Compression;
using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Damaged backups, and stopping a backup. Other tests of backups: SandboxBackup.Tests.ps1.</summary>
public sealed class BackupTests : IDisposable
{
    private const string Fill = "cd /workspace && mkdir -p a/b .hidden node_modules && printf x > 'a/b/with space' && printf y > .hidden/f && " +
        "printf z > node_modules/big && ln -s b a/link && chmod 750 a/b && touch -d 2001-02-03T04:05:06Z a/b";
    private const string Tree = "cd /workspace && find . -mindepth 1 -printf '%P %y %m %l\\n' | sort";

    // A sandbox for each test, because its whole workspace is backed up and restored.
    private readonly SandboxFixture _fixture = new();
    private readonly string _here = Directory.CreateTempSubdirectory("sbxbackup").FullName;

    public void Dispose()
    {
        _fixture.Dispose();
        Directory.Delete(_here, recursive: true);
    }

    [Fact]
    public void Truncated_damaged_or_escaping_backup_changes_nothing()
    {
        Assert.Empty(
            Run($"Invoke-SandboxCommand \"{Fill} && head -c 200000 /dev/urandom > random\" -Sandbox $Box; $null = Backup-Sandbox $Box $H/w.tar; " +
            $"$null = Backup-Sandbox $Box $H/w.tgz").Texts);
        byte[] plain = File.ReadAllBytes(_here + "/w.tar"), packed = File.ReadAllBytes(_here + "/w.tgz");
        File.WriteAllBytes(_here + "/half.tar", plain[..(plain.Length / 2)]);
        File.WriteAllBytes(_here + "/entry.tar", plain[..^1024]);
        File.WriteAllBytes(_here + "/half.tgz", packed[..(packed.Length / 2)]);
        File.WriteAllText(_here + "/text.tgz", "This is no archive.");
        File.WriteAllText(_here + "/text.tar.br", "This is no archive.");
        File.WriteAllBytes(_here + "/empty.tar", []);
        WriteArchive("up.tgz", new PaxTarEntry(TarEntryType.RegularFile, "../evil"));
        WriteArchive("root.tgz", new PaxTarEntry(TarEntryType.RegularFile, "/workspace/evil"));
        WriteArchive(
            "link.tgz", new PaxTarEntry(TarEntryType.SymbolicLink, "out") { LinkName = "/tmp" }, new PaxTarEntry(TarEntryType.RegularFile, "out/evil"));
        WriteArchive("hard.tgz", new PaxTarEntry(TarEntryType.HardLink, "hard") { LinkName = "../../etc/passwd" });
        string[] before = Run($"Invoke-SandboxCommand \"{Tree}\" -Sandbox $Box").Texts;
        string[] damaged = ["half.tar", "entry.tar", "half.tgz", "text.tgz", "text.tar.br", "empty.tar", "up.tgz", "root.tgz", "link.tgz", "hard.tgz"];
        foreach (string name in damaged)
        {
            ScriptResult result = Run($"Restore-Sandbox $Box $H/{name}");
            Assert.True(result.ErrorId == "InvalidArchive", $"{name}: {result.Error}");

            // The sandbox removes the incomplete archive when it notices the disconnect.
            Wait.Until(() => before.SequenceEqual(Run($"Invoke-SandboxCommand \"{Tree}\" -Sandbox $Box").Texts), $"all is as before {name}");
        }
    }

    [Fact]
    public void Stop_ends_a_backup_and_leaves_no_partial_file()
    {
        // Not a hole, which a backup leaves out.
        Assert.Empty(Run("Invoke-SandboxCommand 'head -c 2G /dev/zero > /workspace/large' -Sandbox $Box").Texts);
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare("Backup-Sandbox $Box $H/large.tgz", ("Box", _fixture.Box), ("H", _here));
        shell.BeginInvoke();
        Wait.Until(() => Directory.EnumerateFiles(_here).Any(file => new FileInfo(file).Length > 0), "the backup has begun");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_here));
    }

    private void WriteArchive(string name, params PaxTarEntry[] entries)
    {
        using TarWriter tar = new(new GZipStream(File.Create(Path.Combine(_here, name)), CompressionLevel.Fastest));
        foreach (PaxTarEntry entry in entries)
        {
            tar.WriteEntry(entry);
        }
    }

    private ScriptResult Run(string script) => _fixture.Engine.Run(script, ("H", _here));
}

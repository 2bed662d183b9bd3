using System.Globalization;
using System.Security.Cryptography;

namespace Sandbox.Tests;

/// <summary>Copies during which the server is killed: they resume, and replace the old file only at the end.</summary>
public sealed class CopyRecoveryTests : IDisposable
{
    private const int Megabytes = 100;

    private readonly TestHome _home = new();
    private readonly Dictionary<int, long> _readBefore = [];

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Upload_resumes_after_the_server_is_killed_and_replaces_at_the_end()
    {
        string source = MakeFile(Path.Combine(_home.Folder, "large"));
        PowerShellProcess.Run(_home, "Set-SandboxContent mark old");
        string inside = Path.GetDirectoryName(Directory.EnumerateFiles(_home.Folder, "mark", SearchOption.AllDirectories).Single())!;
        KillServerDuring(
            $"Copy-SandboxItem {source} mark -ToSandbox default -Checksum", shell => IsBeingRead(shell, source), Path.Combine(inside, "mark"));
        Assert.Equal(Hash(source), Hash(Path.Combine(inside, "mark")));
        Assert.Equal(["mark"], NamesIn(inside));
    }

    [Fact]
    public void Download_resumes_after_the_server_is_killed_and_replaces_at_the_end()
    {
        PowerShellProcess.Run(_home, "Set-SandboxContent mark old");
        string source = MakeFile(Path.ChangeExtension(Directory.EnumerateFiles(_home.Folder, "mark", SearchOption.AllDirectories).Single(), "large"));
        File.SetUnixFileMode(source, (UnixFileMode)0x1a4);
        string here = Directory.CreateDirectory(Path.Combine(_home.Folder, "here")).FullName;
        File.WriteAllText(Path.Combine(here, "file"), "old\n");
        KillServerDuring(
            $"Copy-SandboxItem mark.large {here}/file -FromSandbox default -Checksum", _ => IsBeingWritten(here), Path.Combine(here, "file"));
        Assert.Equal(Hash(source), Hash(Path.Combine(here, "file")));
        Assert.Equal(["file"], NamesIn(here));
    }

    private void KillServerDuring(string script, Func<PowerShellProcess, bool> isUnderWay, string old)
    {
        using PowerShellProcess shell = StartAndPause(script, isUnderWay, old);
        _home.KillServer();
        Assert.Equal("old\n", File.ReadAllText(old));
        shell.Signal("CONT");
        Assert.Equal((0, "", ""), shell.Finish());
    }

    // On a busy machine a copy may complete before it can be paused; then it is repeated.
    private PowerShellProcess StartAndPause(string script, Func<PowerShellProcess, bool> isUnderWay, string old)
    {
        while (true)
        {
            PowerShellProcess shell = new(_home, script);
            Wait.Until(() => isUnderWay(shell) || new FileInfo(old).Length > "old\n".Length, "the copy is under way", pause: 1);
            shell.Signal("STOP");
            if (isUnderWay(shell) && new FileInfo(old).Length == "old\n".Length)
            {
                return shell;
            }

            shell.Signal("CONT");
            using (shell)
            {
                Assert.Equal((0, "", ""), shell.Finish());
            }

            File.WriteAllText(old, "old\n");
        }
    }

    private static bool IsBeingWritten(string directory) =>
        new DirectoryInfo(directory).EnumerateFiles(".sandbox-*").Any(file => file.Length > 1 << 20);

    // What the sandbox has received is a file without a name there; here it is seen how much was read since the source was opened.
    private bool IsBeingRead(PowerShellProcess shell, string source)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries($"/proc/{shell.Id}/fd").Any(entry => new FileInfo(entry).LinkTarget == source))
            {
                return false;
            }

            long now = long.Parse(File.ReadLines($"/proc/{shell.Id}/io").First()["rchar:".Length..], CultureInfo.InvariantCulture);
            return _readBefore.TryGetValue(shell.Id, out long before) ? now - before > 1 << 20 : !_readBefore.TryAdd(shell.Id, now);
        }
        catch (IOException)
        {
            // The process has ended, or has closed the file meanwhile.
            return false;
        }
    }

    private static string MakeFile(string path)
    {
        byte[] megabyte = new byte[1 << 20];
        using FileStream file = File.Create(path);
        for (int i = 0; i < Megabytes; i++)
        {
            Random.Shared.NextBytes(megabyte);
            file.Write(megabyte);
        }

        return path;
    }

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    private static string[] NamesIn(string directory) => [.. Directory.EnumerateFileSystemEntries(directory).Select(entry => Path.GetFileName(entry))];
}

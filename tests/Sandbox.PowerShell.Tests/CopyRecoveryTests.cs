using System.Security.Cryptography;

namespace Sandbox.Tests;

/// <summary>Copies during which the server is killed: they resume, and replace the old file only at the end.</summary>
public sealed class CopyRecoveryTests : IDisposable
{
    private const int Megabytes = 100;

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public void Upload_resumes_after_the_server_is_killed_and_replaces_at_the_end()
    {
        string source = MakeFile(Path.Combine(_home.Folder, "large"));
        PowerShellProcess.Run(_home, "Set-SandboxContent mark old");
        string inside = Path.GetDirectoryName(Directory.EnumerateFiles(_home.Folder, "mark", SearchOption.AllDirectories).Single())!;
        KillServerDuring($"Copy-SandboxItem {source} mark -ToSandbox default -Checksum", inside, Path.Combine(inside, "mark"));
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
        KillServerDuring($"Copy-SandboxItem mark.large {here}/file -FromSandbox default -Checksum", here, Path.Combine(here, "file"));
        Assert.Equal(Hash(source), Hash(Path.Combine(here, "file")));
        Assert.Equal(["file"], NamesIn(here));
    }

    private void KillServerDuring(string script, string directory, string old)
    {
        using PowerShellProcess shell = StartAndPause(script, directory, old);
        _home.KillServer();
        Assert.Equal("old\n", File.ReadAllText(old));
        shell.Signal("CONT");
        Assert.Equal((0, "", ""), shell.Finish());
    }

    // On a busy machine a copy may complete before it can be paused; then it is repeated.
    private PowerShellProcess StartAndPause(string script, string directory, string old)
    {
        while (true)
        {
            PowerShellProcess shell = new(_home, script);
            Wait.Until(
                () => Partial(directory).Any(file => file.Length > 1 << 20) || new FileInfo(old).Length > "old\n".Length, "the copy is under way", pause: 1);
            shell.Signal("STOP");
            if (Partial(directory).Any())
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

    private static IEnumerable<FileInfo> Partial(string directory) => new DirectoryInfo(directory).EnumerateFiles(".sandbox-*");

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

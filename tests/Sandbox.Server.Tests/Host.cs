using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using Sandbox.Linux;
using Sandbox.Server.Engines.Bubblewrap;

namespace Sandbox.Server.Tests;

/// <summary>Who runs the server under test.</summary>
public enum ServerUser
{
    /// <summary>Root: sandboxes become users of their own.</summary>
    Root,

    /// <summary>An ordinary user: sandboxes run as that user.</summary>
    Ordinary,
}

/// <summary>What this machine lets tests do. A test that it cannot run is skipped with the reason.</summary>
internal static class Host
{
    private const UnixFileMode Passable = (UnixFileMode)0x1c9; // 0711

    private static readonly Lazy<string> CopiedPrograms = new(InstallPrograms);

    /// <summary>Whether the tests run as root.</summary>
    public static bool IsRoot { get; } = CurrentProcess.EffectiveUserId == 0;

    /// <summary>The ordinary user of tests that run as root. Each run has its own, so that two runs at once do not share a user's limits.</summary>
    public static uint OrdinaryUser { get; } = 1_900_000_000 + (2 * (uint)Environment.ProcessId);

    /// <summary>The user of sandboxes that tests launch without a server.</summary>
    public static uint SandboxUser => OrdinaryUser + 1;

    /// <summary>The kind of server that the user of the tests can start without becoming another user.</summary>
    public static ServerUser CurrentUser => IsRoot ? ServerUser.Root : ServerUser.Ordinary;

    /// <summary>The built server and agent, copied to where every user can reach them and no build overwrites them.</summary>
    public static string Programs => CopiedPrograms.Value;

    /// <summary>The user of a server.</summary>
    /// <param name="user">Which kind.</param>
    public static uint IdOf(ServerUser user) => user == ServerUser.Root ? 0 : IsRoot ? OrdinaryUser : CurrentProcess.EffectiveUserId;

    /// <summary>Skips a test this machine cannot run.</summary>
    /// <param name="user">Who runs the server.</param>
    public static void Require(ServerUser user)
    {
        Assert.SkipWhen(ExecutableLocator.Find("bwrap") is null, "NOT TESTED: bubblewrap (bwrap) is not installed here.");
        Assert.SkipWhen(user == ServerUser.Root && !IsRoot, "NOT TESTED: a server that runs as root, since these tests do not run as root.");
    }

    /// <summary>Stops a process. The signal is only pending when it is sent: until a thread has taken it, the others run on.</summary>
    public static Task SuspendAsync(ProcessEntry process)
    {
        ProcessTable.Send(process, Signal.STOP);
        return Wait.UntilAsync(() => ProcessTable.Find(process.Id)?.State == 'T', $"process {process.Id} is stopped");
    }

    /// <summary>Creates a new directory. Its path is short, since the paths of sockets in it end at 108 bytes, and open to the users of sandboxes.</summary>
    /// <param name="owner">Its owner.</param>
    public static string NewDirectory(uint owner)
    {
        string path;
        do
        {
            path = $"/tmp/sb{Random.Shared.Next():x8}";
        }
        while (!TryMakeDirectory(path));

        File.SetUnixFileMode(path, Passable);
        if (IsRoot)
        {
            FileSystem.SetOwner(path, owner);
        }

        return path;
    }

    /// <summary>Creates a directory, unless something of that name exists.</summary>
    private static bool TryMakeDirectory(string path)
    {
        try
        {
            FileSystem.MakeDirectory(new LinuxPath(Encoding.UTF8.GetBytes(path)), Passable);
            return true;
        }
        catch (Win32Exception failure) when (failure.NativeErrorCode == Errno.EEXIST)
        {
            return false;
        }
    }

    /// <summary>Copies the files of a directory, by another process: as long as a file is open for writing, also in a process that this one has just forked, nobody can execute it.</summary>
    /// <param name="source">The directory.</param>
    /// <param name="target">The directory that gets the copies.</param>
    /// <param name="asLinks">Whether hard links will do.</param>
    public static void CopyPrograms(string source, string target, bool asLinks = false) =>
        Run("cp", [asLinks ? "--link" : "--preserve=mode", "--", .. Directory.GetFiles(source), target]);

    /// <summary>Writes a script that can be executed at once, see <see cref="CopyPrograms"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="commands">The script, for <c>sh</c>.</param>
    public static void WriteScript(string path, string commands) =>
        Run("sh", "-c", """printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1" """, "sh", path, commands);

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static string InstallPrograms()
    {
        string source = typeof(Host).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "ServerPrograms").Value!;
        string target = NewDirectory(0);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(target, recursive: true);
        CopyPrograms(source, target);
        Assert.True(File.Exists(Path.Combine(target, "sandboxd")) && File.Exists(Path.Combine(target, "sandbox-agent")), $"Server and agent are not built in '{source}'.");
        return target;
    }
}

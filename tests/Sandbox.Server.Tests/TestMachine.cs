using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text;
using Sandbox.Linux;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Tests;

/// <summary>The user that runs the server under test.</summary>
public enum ServerUser
{
    /// <summary>Root: each sandbox has its own user.</summary>
    Root,

    /// <summary>An ordinary user: sandboxes run as that user.</summary>
    Ordinary,
}

/// <summary>Abilities of this machine. Tests that it cannot run are skipped with the reason.</summary>
internal static class TestMachine
{
    private const UnixFileMode Traversable = (UnixFileMode)0x1c9; // 0711

    private static readonly Lazy<string> CopiedPrograms = new(InstallPrograms);

    public static bool IsRoot { get; } = CurrentProcess.EffectiveUserId == 0;

    /// <summary>Gets the ordinary user of tests that run as root. Each run has its own, so that concurrent runs do not share the limits of a user.</summary>
    public static uint OrdinaryUser { get; } = 1_900_000_000 + (2 * (uint)Environment.ProcessId);

    /// <summary>Gets the user of sandboxes that tests launch without a server.</summary>
    public static uint SandboxUser => OrdinaryUser + 1;

    /// <summary>Gets the kind of server that the tests can start without changing the user.</summary>
    public static ServerUser CurrentUser => IsRoot ? ServerUser.Root : ServerUser.Ordinary;

    /// <summary>Gets a copy of the built server and agent that every user can read and no build overwrites.</summary>
    public static string Programs => CopiedPrograms.Value;

    /// <summary>Returns the user id of a server.</summary>
    public static uint IdOf(ServerUser user) => user == ServerUser.Root ? 0 : IsRoot ? OrdinaryUser : CurrentProcess.EffectiveUserId;

    /// <summary>Skips the test where this machine cannot run it.</summary>
    public static void Require(ServerUser user)
    {
        Assert.SkipWhen(ExecutableLocator.Find("bwrap") is null, "NOT TESTED: bubblewrap (bwrap) is not installed here.");
        Assert.SkipWhen(user == ServerUser.Root && !IsRoot, "NOT TESTED: a server that runs as root, since these tests do not run as root.");
    }

    /// <summary>Stops a process by SIGSTOP and waits until all its threads have stopped: the signal is only pending when it has been sent.</summary>
    public static Task SuspendAsync(ProcessEntry process)
    {
        ProcessTable.Send(process, Signal.STOP);
        return Wait.UntilAsync(() => ProcessTable.Find(process.Id)?.State == 'T', $"process {process.Id} is stopped");
    }

    /// <summary>Creates a directory with a short path (socket paths are at most 108 bytes) that the users of sandboxes can traverse.</summary>
    public static string NewDirectory(uint owner)
    {
        string path;
        do
        {
            path = Path.Combine(Path.GetTempPath(), $"sb{Random.Shared.Next():x8}");
        }
        while (!TryCreateDirectory(path));

        File.SetUnixFileMode(path, Traversable);
        if (IsRoot)
        {
            FileSystem.SetOwner(path, owner);
        }

        return path;
    }

    /// <summary>Creates a directory; returns false when the name exists.</summary>
    private static bool TryCreateDirectory(string path)
    {
        try
        {
            FileSystem.MakeDirectory(new LinuxPath(Encoding.UTF8.GetBytes(path)), Traversable);
            return true;
        }
        catch (Win32Exception failure) when (failure.NativeErrorCode == Errno.EEXIST)
        {
            return false;
        }
    }

    /// <summary>Copies files by another process: a file open for writing here, or in a process just forked from here, cannot be executed (ETXTBSY).</summary>
    /// <param name="asLinks">Whether to create hard links instead.</param>
    public static void CopyPrograms(string source, string target, bool asLinks = false) =>
        Run("cp", [asLinks ? "--link" : "--preserve=mode", "--", .. Directory.GetFiles(source), target]);

    /// <summary>Copies the framework-dependent server and agent, which are built beside the native ones.</summary>
    public static void CopyManagedPrograms(string target)
    {
        foreach ((string source, string program) in (ReadOnlySpan<(string, string)>)[
            (MetadataOf("ManagedServer"), BuildFiles.Server), (MetadataOf("ManagedAgent"), BuildFiles.Agent)])
        {
            Run("cp", ["--preserve=mode", "--", .. BuildFiles.Find(source, program), target]);
        }

        Assert.True(BuildFiles.IsManaged(target, BuildFiles.Server) && BuildFiles.IsManaged(target, BuildFiles.Agent));
    }

    /// <summary>Writes a script that can be executed at once, see <see cref="CopyPrograms"/>.</summary>
    /// <param name="commands">The script for <c>sh</c>.</param>
    public static void WriteScript(string path, string commands) =>
        Run("sh", "-c", """printf '#!/bin/sh\n%s\n' "$2" >"$1" && chmod 755 "$1" """, "sh", path, commands);

    private static string MetadataOf(string key) =>
        typeof(TestMachine).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == key).Value!;

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private static string InstallPrograms()
    {
        string source = MetadataOf("ServerPrograms");
        string target = NewDirectory(0);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(target, recursive: true);
        CopyPrograms(source, target);
        Assert.True(File.Exists(Path.Combine(target, "sandboxd"))
            && File.Exists(Path.Combine(target, "sandbox-agent")), $"Server and agent are not built in '{source}'.");
        return target;
    }
}

using System.Reflection;
using Sandbox.Linux;
using Sandbox.Server.Engines;

namespace Sandbox.Server.Tests;

/// <summary>Who runs the server under test.</summary>
public enum ServerUser
{
    /// <summary>Root: sandboxes become users of their own.</summary>
    Root,

    /// <summary>An ordinary user: sandboxes run as that user.</summary>
    Ordinary,
}

/// <summary>What this machine lets tests do; what it does not is skipped aloud.</summary>
internal static class Host
{
    /// <summary>The ordinary user of tests that root runs.</summary>
    public const uint OrdinaryUser = 1_999_000_001;

    /// <summary>How long anything is waited for. It only ends what hangs: on a busy machine all that is right may be slow.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly Lazy<string> CopiedPrograms = new(CopyPrograms);

    /// <summary>Whether the tests run as root.</summary>
    public static bool IsRoot { get; } = CurrentProcess.EffectiveUserId == 0;

    /// <summary>The built server and agent, copied to where every user can reach them and no build overwrites them.</summary>
    public static string Programs => CopiedPrograms.Value;

    /// <summary>The user of a server.</summary>
    /// <param name="user">Which kind.</param>
    public static uint IdOf(ServerUser user) => user == ServerUser.Root ? 0 : IsRoot ? OrdinaryUser : CurrentProcess.EffectiveUserId;

    /// <summary>Skips a test this machine cannot run.</summary>
    /// <param name="user">Who runs the server.</param>
    public static void Require(ServerUser user)
    {
        Assert.SkipWhen(ProgramFinder.Find("bwrap") is null, "NOT TESTED: bubblewrap (bwrap) is not installed here.");
        Assert.SkipWhen(user == ServerUser.Root && !IsRoot, "NOT TESTED: a server of root's, since these tests do not run as root.");
    }

    /// <summary>Holds a process still. The signal is only pending when it is sent: until a thread has taken it, the others run on.</summary>
    public static Task HoldAsync(ProcessEntry process)
    {
        ProcessTable.Send(process, Signal.STOP);
        return UntilAsync("it is held", () => Task.FromResult(ProcessTable.Find(process.Id)?.State == 'T'));
    }

    /// <summary>Waits until something holds.</summary>
    /// <param name="what">What, for the failure's message.</param>
    /// <param name="holds">The condition.</param>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!await holds())
        {
            Assert.False(limit.IsCancellationRequested, $"Waited in vain until {what}.");
            await Task.Delay(5);
        }
    }

    /// <summary>Makes a new directory with a short name.</summary>
    /// <param name="owner">Whose it is.</param>
    public static string NewDirectory(uint owner)
    {
        string path = $"/tmp/sb{Random.Shared.Next():x}";
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, (UnixFileMode)0x1c9 /* 0711 */);
        if (IsRoot)
        {
            FileOwner.Give(path, owner);
        }

        return path;
    }

    private static string CopyPrograms()
    {
        string source = typeof(Host).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(data => data.Key == "ServerPrograms").Value!;
        string target = NewDirectory(0);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(target, recursive: true);
        foreach (string file in Directory.GetFiles(source))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        Assert.True(File.Exists(Path.Combine(target, "sandboxd")) && File.Exists(Path.Combine(target, "sandbox-agent")), $"Server and agent are not built in '{source}'.");
        return target;
    }
}

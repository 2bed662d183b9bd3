using System.Diagnostics;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Whether a sandbox's processes live, and their end.</summary>
internal static class ProcessReaper
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Whether the sandbox's init and bubblewrap's outer process, which goes with the agent, both live.</summary>
    /// <param name="process">What was recorded of them.</param>
    public static bool IsRunning(BubblewrapProcess process) => FindInit(process) is not null && FindMonitor(process);

    /// <summary>Ends all of a sandbox's processes by one signal to their init, and waits until they are gone.</summary>
    /// <param name="process">What was recorded of them.</param>
    /// <exception cref="ApiException">They are still there after a long wait.</exception>
    public static Task EndAsync(BubblewrapProcess process)
    {
        foreach (ProcessEntry end in new[] { FindInit(process), process.Link?.Find() }.OfType<ProcessEntry>())
        {
            ProcessTable.Send(end, Signal.KILL);
        }

        // The kernel lets an init end only after everything in its namespace has.
        return WaitUntilAsync(() => FindInit(process) is null && process.Link?.Find() is null);
    }

    /// <summary>Ends what a launch may have left of which no server learned: processes that have this sandbox's workspace mounted.</summary>
    /// <param name="workspace">The workspace on the host.</param>
    public static Task EndStraysAsync(string workspace)
    {
        // One that is ending has no mounts any more; it is gone when the kernel says so.
        HashSet<(int Id, ulong StartTime)> found = [];
        return WaitUntilAsync(() =>
        {
            ProcessEntry[] strays = [.. ProcessTable.All().Where(entry => entry.IsAlive && HasMounted(entry.Id, workspace))];
            foreach (ProcessEntry stray in strays)
            {
                found.Add((stray.Id, stray.StartTime));
                ProcessTable.Send(stray, Signal.KILL);
            }

            return strays.Length == 0 && !found.Any(stray => ProcessTable.Find(stray.Id) is { IsAlive: true } now && now.StartTime == stray.StartTime);
        });
    }

    private static ProcessEntry? FindInit(BubblewrapProcess process) =>
        ProcessTable.Find(process.InitId) is { IsAlive: true } entry
        && entry.StartTime == process.InitStart
        && (process.Namespace is null || ProcessTable.PidNamespaceOf(process.InitId) is not { } now || now == process.Namespace)
            ? entry
            : null;

    private static bool FindMonitor(BubblewrapProcess process) =>
        ProcessTable.Find(process.MonitorId) is { IsAlive: true } entry && entry.StartTime == process.MonitorStart;

    /// <summary>Reads proc(5), mountinfo: the fourth field is the mounted directory within its file system, the fifth where it is seen.</summary>
    private static bool HasMounted(int process, string workspace)
    {
        try
        {
            // Enough of the path to be ours: the home's last directories.
            string ending = string.Join('/', workspace.Split('/').TakeLast(5));
            return File.ReadLines($"/proc/{process}/mountinfo")
                .Select(line => line.Split(' '))
                .Any(fields => fields.Length > 4 && fields[4] == "/workspace" && workspace.EndsWith(fields[3], StringComparison.Ordinal)
                    && fields[3].EndsWith(ending, StringComparison.Ordinal));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static async Task WaitUntilAsync(Func<bool> isDone)
    {
        long start = Stopwatch.GetTimestamp();
        while (!isDone())
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
            {
                throw new ApiException(ErrorCodes.SandboxUnavailable, "The sandbox's processes have not ended although they were killed. Try again.");
            }

            await Task.Delay(1);
        }
    }
}

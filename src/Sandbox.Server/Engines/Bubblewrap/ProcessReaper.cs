using System.Diagnostics;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Finds and kills the processes of sandboxes.</summary>
internal static class ProcessReaper
{
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(10);

    /// <summary>Returns whether the namespace's init and bubblewrap's outer process, which exits with the agent, are both alive.
    /// What has lost the outer process
    /// is killed: nothing runs in a sandbox that is shown as stopped.</summary>
    public static bool IsRunning(BubblewrapProcess process)
    {
        ProcessEntry? init = FindInit(process);
        bool hasMonitor = FindMonitor(process) is not null;
        if (init is { } left && !hasMonitor)
        {
            ProcessTable.Send(left, Signal.KILL);
        }

        return init is not null && hasMonitor;
    }

    /// <summary>Kills all processes of a sandbox through its init, and waits until they have exited.</summary>
    /// <exception cref="ApiException">They are still alive after a long wait.</exception>
    public static Task KillAsync(BubblewrapProcess process) =>
        // The kernel lets an init exit only after everything in its namespace has.
        KillAsync([.. new[] { FindInit(process), process.Link?.Find(), FindMonitor(process) }.OfType<ProcessEntry>()]);

    /// <summary>Kills processes of an interrupted launch that no server recorded: those that have the sandbox's workspace mounted.</summary>
    public static async Task KillStraysAsync(string workspace)
    {
        long start = Stopwatch.GetTimestamp();
        while (ProcessTable.All().Where(entry => entry.IsAlive && HasMounted(entry.Id, workspace)).ToArray() is { Length: > 0 } strays)
        {
            await KillAsync(strays);
            if (Stopwatch.GetElapsedTime(start) > KillLimit)
            {
                throw StillAlive();
            }
        }
    }

    private static async Task KillAsync(IReadOnlyList<ProcessEntry> processes)
    {
        foreach (ProcessEntry process in processes)
        {
            ProcessTable.Send(process, Signal.KILL);
        }

        try
        {
            foreach (ProcessEntry process in processes)
            {
                await SharedEventLoop.WaitForExitAsync(process, KillLimit);
            }
        }
        catch (TimeoutException exception)
        {
            throw StillAlive(exception);
        }
    }

    private static ProcessEntry? FindInit(BubblewrapProcess process) =>
        new ProcessIdentity(process.InitId, process.InitStart).Find() is { } entry
        && (process.Namespace is null || ProcessTable.PidNamespaceOf(process.InitId) is not { } current || current == process.Namespace)
            ? entry
            : null;

    private static ProcessEntry? FindMonitor(BubblewrapProcess process) => new ProcessIdentity(process.MonitorId, process.MonitorStart).Find();

    /// <summary>Reads proc(5), mountinfo: the fourth field is the mounted directory within its file system, the fifth is the mount point.</summary>
    private static bool HasMounted(int process, string workspace)
    {
        try
        {
            // The home's last directories are enough to identify this server's sandbox.
            string ending = string.Join('/', workspace.Split('/').TakeLast(5));
            return File.ReadLines($"/proc/{process}/mountinfo")
                .Select(line => line.Split(' '))
                .Any(fields => fields.Length > 4 && fields[4] == "/workspace" && workspace.EndsWith(fields[3], StringComparison.Ordinal)
                    && fields[3].EndsWith(ending, StringComparison.Ordinal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static ApiException StillAlive(Exception? cause = null) =>
        new(ErrorCodes.SandboxUnavailable, "The sandbox's processes have not exited although they were killed. Try again.", cause);
}

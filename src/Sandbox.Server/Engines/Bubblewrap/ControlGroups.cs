using System.Diagnostics;
using System.Globalization;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Control groups, in whichever version this host has each controller. See cgroups(7).</summary>
/// <remarks>
/// Groups are created within the server's own, so that what limits the server limits its sandboxes too. In version 2 a group that contains processes
/// cannot delegate controllers, so there they are created in the nearest ancestor that can.
/// </remarks>
internal static class ControlGroups
{
    public const string Memory = "memory";
    public const string Processes = "pids";
    public const string Processor = "cpu";

    private const string Version2 = "cgroup-v2";
    private const string Version1 = "cgroup-v1";
    private const int PeriodMicroseconds = 100_000;
    private const string ControlFile = "cgroup.subtree_control";
    private static readonly TimeSpan RemoveLimit = TimeSpan.FromSeconds(3);

    /// <summary>Returns the version that enforces limits of a controller here, or null.</summary>
    public static string? FindVersion(string controller) =>
        FindParentV2([controller]) is not null ? Version2 : FindParentV1(controller) is not null ? Version1 : null;

    /// <summary>Returns the directories of the groups, not created yet, that a sandbox needs for these controllers.</summary>
    public static string[] Directories(IEnumerable<string> controllers, string name)
    {
        ILookup<string?, string> byVersion = controllers.ToLookup(FindVersion);
        string[] v2 = [.. byVersion[Version2]];
        IEnumerable<string?> parents = byVersion[Version1].Select(FindParentV1).Append(v2.Length > 0 ? FindParentV2(v2) : null);
        return [.. parents.OfType<string>().Distinct().Select(parent => Path.Combine(parent, name))];
    }

    /// <summary>Creates a plan's groups and sets their limits.</summary>
    public static void Create(LimitPlan plan)
    {
        foreach (string group in plan.Groups)
        {
            Directory.CreateDirectory(group);
            Set(group, plan.Limits.MemoryBytes, [("memory.max", Text), ("memory.limit_in_bytes", Text)]);
            // No swap beyond the limit. Version 1 counts memory and swap together in this file; either file may be missing.
            Set(group, plan.Limits.MemoryBytes, [("memory.swap.max", _ => "0"), ("memory.memsw.limit_in_bytes", Text)]);
            Set(group, plan.ProcessLimit is null ? plan.Limits.Processes : null, [("pids.max", Text)]);
            Set(group, plan.Limits.Cpus, [("cpu.max", cpus => $"{Quota(cpus)} {PeriodMicroseconds}"), ("cpu.cfs_quota_us", Quota)]);
        }
    }

    /// <summary>Moves processes into groups; their children inherit them.</summary>
    public static void Join(IEnumerable<string> groups, params IEnumerable<int> processes)
    {
        foreach (string group in groups)
        {
            foreach (int process in processes)
            {
                File.WriteAllText(Path.Combine(group, "cgroup.procs"), Text(process));
            }
        }
    }

    /// <summary>Removes groups whose processes have exited.</summary>
    public static async Task RemoveAsync(IEnumerable<string> groups)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (string group in groups)
        {
            while (Directory.Exists(group))
            {
                try
                {
                    // The kernel removes the files in it.
                    Directory.Delete(group);
                }
                catch (IOException) when (Stopwatch.GetElapsedTime(start) < RemoveLimit)
                {
                    // A process that was killed leaves its group shortly after its exit can be seen. Version 1 has no event for that.
                    await Task.Delay(2);
                }
                catch (IOException exception)
                {
                    ServerLog.Write($"The control group '{group}' could not be removed: {exception.Message}");
                    break;
                }
            }
        }
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Quota(double cpus) => Text((long)Math.Max(1000, cpus * PeriodMicroseconds));

    private static void Set<T>(string group, T? value, ReadOnlySpan<(string File, Func<T, string> Write)> files)
        where T : struct
    {
        foreach ((string file, Func<T, string> write) in files)
        {
            if (value is { } limit && Path.Combine(group, file) is var path && File.Exists(path))
            {
                File.WriteAllText(path, write(limit));
            }
        }
    }

    private static string? FindParentV1(string controller) => Mounts()
        .Where(mount => mount.Type == "cgroup" && mount.Options.Contains(controller))
        .Select(mount => OwnGroup(mount, controller))
        .FirstOrDefault(CanCreateGroups);

    private static string? FindParentV2(IReadOnlyCollection<string> controllers)
    {
        foreach (Mount mount in Mounts().Where(mount => mount.Type == "cgroup2"))
        {
            for (string? group = OwnGroup(mount, ""); group?.StartsWith(mount.Point, StringComparison.Ordinal) == true; group = Path.GetDirectoryName(group))
            {
                if (Delegates(group, controllers) && CanCreateGroups(group))
                {
                    return group;
                }
            }
        }

        return null;
    }

    /// <summary>Returns whether a group delegates controllers to groups within it, after enabling them if necessary.</summary>
    private static bool Delegates(string group, IReadOnlyCollection<string> controllers)
    {
        string control = Path.Combine(group, ControlFile);
        try
        {
            string[] available = File.ReadAllText(Path.Combine(group, "cgroup.controllers")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (controllers.Except(available).Any())
            {
                return false;
            }

            string[] missing = [.. controllers.Except(File.ReadAllText(control).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))];
            if (missing.Length > 0)
            {
                File.WriteAllText(control, string.Join(' ', missing.Select(controller => "+" + controller)));
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool CanCreateGroups(string group)
    {
        string probe = Path.Combine(group, $"sandbox-probe-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Returns this process's own group in a hierarchy, or the highest that is visible here.</summary>
    private static string OwnGroup(Mount mount, string controller)
    {
        string? path = File.ReadLines("/proc/self/cgroup").Select(line => line.Split(':', 3))
            .Where(fields => fields[1].Split(',').Contains(controller)).Select(fields => fields[2]).FirstOrDefault();
        string below = path is null || !path.StartsWith(mount.Root, StringComparison.Ordinal) ? "" : path[mount.Root.Length..].TrimStart('/');
        return Path.Combine(mount.Point, below) is var group && below.Length > 0 && Directory.Exists(group) ? group : mount.Point;
    }

    /// <summary>Reads proc(5), mountinfo.</summary>
    private static IEnumerable<Mount> Mounts()
    {
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            string[] parts = line.Split(" - ", 2);
            if (parts.Length == 2 && parts[0].Split(' ') is { Length: > 4 } front && parts[1].Split(' ') is { Length: > 2 } back)
            {
                yield return new Mount(front[3], front[4], back[0], back[2].Split(','));
            }
        }
    }

    private sealed record Mount(string Root, string Point, string Type, string[] Options);
}

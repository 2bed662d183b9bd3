using System.Diagnostics;
using System.Globalization;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Control groups, in whichever version this host has each controller. See cgroups(7).</summary>
/// <remarks>
/// Groups are made within the server's own, so that what limits the server limits its sandboxes too. In version 2 a group with processes in it
/// cannot hand controllers on, so there they are made in the nearest group above that can.
/// </remarks>
internal static class ControlGroups
{
    /// <summary>The controller of memory.</summary>
    public const string Memory = "memory";

    /// <summary>The controller of processes.</summary>
    public const string Processes = "pids";

    /// <summary>The controller of processor time.</summary>
    public const string Processor = "cpu";

    private const string Unified = "cgroup-v2";
    private const string Legacy = "cgroup-v1";
    private const int PeriodMicroseconds = 100_000;
    private const string ControlFile = "cgroup.subtree_control";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Which version keeps limits of a controller here; null when none does.</summary>
    /// <param name="controller">The controller.</param>
    public static string? MeansOf(string controller) => FindUnified([controller]) is not null ? Unified : FindLegacy(controller) is not null ? Legacy : null;

    /// <summary>The groups, not made yet, that a sandbox needs for these controllers.</summary>
    /// <param name="controllers">The controllers.</param>
    /// <param name="name">The groups' name.</param>
    public static string[] Directories(IEnumerable<string> controllers, string name)
    {
        ILookup<string?, string> byVersion = controllers.ToLookup(MeansOf);
        string[] unified = [.. byVersion[Unified]];
        IEnumerable<string?> places = byVersion[Legacy].Select(FindLegacy).Append(unified.Length > 0 ? FindUnified(unified) : null);
        return [.. places.OfType<string>().Distinct().Select(place => Path.Combine(place, name))];
    }

    /// <summary>Makes groups and sets their limits.</summary>
    /// <param name="plan">The limits, and the groups.</param>
    public static void Make(LimitPlan plan)
    {
        foreach (string group in plan.Groups)
        {
            Directory.CreateDirectory(group);
            Set(group, plan.Limits.MemoryBytes, [("memory.max", Text), ("memory.limit_in_bytes", Text)]);
            // Swapping is no way out. Version 1 counts both together here; either file may be missing.
            Set(group, plan.Limits.MemoryBytes, [("memory.swap.max", _ => "0"), ("memory.memsw.limit_in_bytes", Text)]);
            Set(group, plan.ProcessLimit is null ? plan.Limits.Processes : null, [("pids.max", Text)]);
            Set(group, plan.Limits.Cpus, [("cpu.max", cpus => $"{Quota(cpus)} {PeriodMicroseconds}"), ("cpu.cfs_quota_us", Quota)]);
        }
    }

    /// <summary>Puts processes into groups; what they start will be there too.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="processes">The processes.</param>
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

    /// <summary>Removes groups whose processes have ended; those that are gone already are passed over.</summary>
    /// <param name="groups">The groups.</param>
    public static async Task RemoveAsync(IEnumerable<string> groups)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (string group in groups)
        {
            while (Directory.Exists(group))
            {
                try
                {
                    // The files in it are the kernel's and go with it.
                    Directory.Delete(group);
                }
                catch (IOException) when (Stopwatch.GetElapsedTime(start) < Patience)
                {
                    // An ended process that nobody has collected yet keeps it for a moment.
                    await Task.Delay(2);
                }
                catch (IOException failure)
                {
                    ServerLog.Write($"The control group '{group}' stays: {failure.Message}");
                    break;
                }
            }
        }
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Quota(double cpus) => Text((long)Math.Max(1000, cpus * PeriodMicroseconds));

    private static void Set<T>(string group, T? value, ReadOnlySpan<(string File, Func<T, string> Write)> ways)
        where T : struct
    {
        foreach ((string file, Func<T, string> write) in ways)
        {
            if (value is { } limit && Path.Combine(group, file) is var path && File.Exists(path))
            {
                File.WriteAllText(path, write(limit));
            }
        }
    }

    private static string? FindLegacy(string controller) => Mounts()
        .Where(mount => mount.Type == "cgroup" && mount.Options.Contains(controller))
        .Select(mount => OwnGroup(mount, controller))
        .FirstOrDefault(CanMakeGroups);

    private static string? FindUnified(IReadOnlyCollection<string> controllers)
    {
        foreach (Mount mount in Mounts().Where(mount => mount.Type == "cgroup2"))
        {
            for (string? group = OwnGroup(mount, ""); group is not null && group.StartsWith(mount.Point, StringComparison.Ordinal); group = Path.GetDirectoryName(group))
            {
                if (HandsOn(group, controllers) && CanMakeGroups(group))
                {
                    return group;
                }
            }
        }

        return null;
    }

    /// <summary>Whether groups within a group have controllers, made to have them if need be.</summary>
    private static bool HandsOn(string group, IReadOnlyCollection<string> controllers)
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
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool CanMakeGroups(string group)
    {
        string probe = Path.Combine(group, $"sandbox-probe-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(probe);
            Directory.Delete(probe);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>This process's own group in a hierarchy, or the highest that can be seen from here.</summary>
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

using System.Globalization;

namespace Sandbox.Linux;

/// <summary>One line of <c>/proc</c>: see proc(5), <c>/proc/pid/stat</c>.</summary>
/// <param name="Id">The process.</param>
/// <param name="ParentId">Its parent.</param>
/// <param name="StartTime">When it started, in clock ticks since boot: with the id it names one process for ever.</param>
/// <param name="SessionId">The process that leads its session, see setsid(2).</param>
/// <param name="State">The state's letter; <c>Z</c> is a process that has ended and waits to be collected.</param>
public readonly record struct ProcessEntry(int Id, int ParentId, int SessionId, ulong StartTime, char State)
{
    /// <summary>Whether it still runs.</summary>
    public bool IsAlive => State is not ('Z' or 'X');
}

/// <summary>What <c>/proc</c> says about processes.</summary>
public static class ProcessTable
{
    /// <summary>One process, or null when there is none of this id.</summary>
    /// <param name="id">The process id.</param>
    public static ProcessEntry? Find(int id)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{id}/stat"));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>All processes that can be seen.</summary>
    public static IReadOnlyList<ProcessEntry> All()
    {
        List<ProcessEntry> entries = [];
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && Find(id) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    /// <summary>A process's command line, or null when it cannot be seen.</summary>
    /// <param name="id">The process id.</param>
    public static IReadOnlyList<string>? CommandLineOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Everything that descends from some processes, themselves not included, and lives.</summary>
    /// <param name="ancestors">The process ids.</param>
    /// <param name="except">Processes that are left out together with all that descends from them.</param>
    public static IReadOnlyList<ProcessEntry> DescendantsOf(IReadOnlyCollection<int> ancestors, IReadOnlySet<(int Id, ulong StartTime)> except)
    {
        ArgumentNullException.ThrowIfNull(ancestors);
        ArgumentNullException.ThrowIfNull(except);
        if (ancestors.Count == 0)
        {
            return [];
        }

        ILookup<int, ProcessEntry> children = All().ToLookup(entry => entry.ParentId);
        List<ProcessEntry> found = [];
        Stack<int> open = new(ancestors);
        while (open.TryPop(out int parent))
        {
            foreach (ProcessEntry child in children[parent])
            {
                if (!except.Contains((child.Id, child.StartTime)))
                {
                    open.Push(child.Id);
                    if (child.IsAlive)
                    {
                        found.Add(child);
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Whether a single-threaded process has children: one small read, where <see cref="All"/> is many.</summary>
    /// <param name="id">The process id.</param>
    public static bool HasChildren(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/task/{id}/children").Length > 0;
        }
        catch (FileNotFoundException)
        {
            // A kernel without this file, or no such process: the full table tells.
            return All().Any(entry => entry.ParentId == id);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends a signal to a process, if it is still the one that was found.</summary>
    /// <param name="entry">The process.</param>
    /// <param name="signal">Which signal.</param>
    public static void Send(ProcessEntry entry, Signal signal)
    {
        int number = LibC.pidfd_open(entry.Id);
        if (number < 0)
        {
            return;
        }

        using FileDescriptor pidfd = FileDescriptor.Adopt(number);
        if (Find(entry.Id) is { } now && now.StartTime == entry.StartTime)
        {
            _ = LibC.pidfd_send_signal(pidfd.Number, (int)signal);
        }
    }

    /// <summary>A handle of a process, readable when it has ended: for an <see cref="EventLoop"/>. Null when it has ended already.</summary>
    /// <param name="entry">The process.</param>
    public static FileDescriptor? Open(ProcessEntry entry)
    {
        int number = LibC.pidfd_open(entry.Id);
        if (number < 0)
        {
            return null;
        }

        FileDescriptor pidfd = FileDescriptor.Adopt(number);
        if (Find(entry.Id) is { IsAlive: true } now && now.StartTime == entry.StartTime)
        {
            return pidfd;
        }

        pidfd.Dispose();
        return null;
    }

    /// <summary>The inode of a process's pid namespace, or null when it cannot be seen.</summary>
    /// <param name="id">The process id.</param>
    public static string? PidNamespaceOf(int id) => new FileInfo($"/proc/{id}/ns/pid").LinkTarget;

    private static ProcessEntry? Parse(string stat)
    {
        // The name stands in parentheses and may contain anything, parentheses too.
        int open = stat.IndexOf('(', StringComparison.Ordinal);
        int close = stat.LastIndexOf(')');
        if (open < 0 || close < 0)
        {
            return null;
        }

        string[] fields = stat[(close + 2)..].Split(' ');
        return new ProcessEntry(
            int.Parse(stat.AsSpan(0, open - 1), CultureInfo.InvariantCulture),
            int.Parse(fields[1], CultureInfo.InvariantCulture),
            int.Parse(fields[3], CultureInfo.InvariantCulture),
            ulong.Parse(fields[19], CultureInfo.InvariantCulture),
            fields[0][0]);
    }
}

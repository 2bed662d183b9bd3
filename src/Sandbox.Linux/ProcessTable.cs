using System.Globalization;

namespace Sandbox.Linux;

/// <summary>A process, as in <c>/proc/pid/stat</c>, see proc(5).</summary>
/// <param name="StartTime">The start time in clock ticks since boot; with the id it identifies a process uniquely.</param>
/// <param name="SessionId">The session leader, see setsid(2).</param>
/// <param name="State">The state's letter; <c>Z</c> is a zombie.</param>
public readonly record struct ProcessEntry(int Id, int ParentId, int SessionId, ulong StartTime, char State)
{
    public bool IsAlive => State is not ('Z' or 'X');
}

/// <summary>Reads processes from <c>/proc</c>.</summary>
public static class ProcessTable
{
    /// <summary>Finds a process, or returns null when it does not exist.</summary>
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

    /// <summary>Returns all visible processes.</summary>
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

    /// <summary>Returns a process's command line, or null when it is not visible.</summary>
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

    /// <summary>Returns the living descendants of processes.</summary>
    /// <param name="except">Processes that are left out with their descendants.</param>
    public static IReadOnlyList<ProcessEntry> DescendantsOf(IReadOnlyCollection<int> ancestors, IReadOnlySet<(int Id, ulong StartTime)> except)
    {
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

    /// <summary>Returns whether a single-threaded process has children. Reads one small file, where <see cref="All"/> reads many.</summary>
    public static bool HasChildren(int id)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{id}/task/{id}/children").Length > 0;
        }
        catch (FileNotFoundException)
        {
            // The kernel does not have this file, or there is no such process.
            return All().Any(entry => entry.ParentId == id);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Sends a signal to a process, unless its id belongs to another one now.</summary>
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

    /// <summary>Opens a pidfd, which is readable after the exit: for an <see cref="EventLoop"/>. Returns null when the process has exited already.</summary>
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

    /// <summary>Returns the pid namespace of a process, or null when it is not visible.</summary>
    public static string? PidNamespaceOf(int id) => new FileInfo($"/proc/{id}/ns/pid").LinkTarget;

    private static ProcessEntry? Parse(string stat)
    {
        // The name is in parentheses and may contain any characters.
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

using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Measuring;

/// <summary>What processes hold, as the kernel tells it to root.</summary>
internal static class Resources
{
    private const double Mebi = 1024 * 1024;

    /// <summary>The share of memory that is due to processes, in MiB: what several use is counted in parts. See proc(5), <c>smaps_rollup</c>.</summary>
    public static double MemoryOf(params IEnumerable<int> processes) => processes.Sum(ProportionalKilobytes) / 1024d;

    /// <summary>The processor time that a process has used, in milliseconds, in steps of ten. See proc(5), <c>stat</c>: it and its threads, not its children.</summary>
    public static double ProcessorTimeOf(int process)
    {
        const int userField = 11, systemField = 12, millisecondsPerTick = 10;
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return millisecondsPerTick * (double.Parse(fields[userField], CultureInfo.InvariantCulture) + double.Parse(fields[systemField], CultureInfo.InvariantCulture));
    }

    /// <summary>How many descriptors a process has open.</summary>
    public static int DescriptorsOf(int process) => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    /// <summary>How much lies in a directory, in MiB.</summary>
    public static double DiskOf(string directory) =>
        Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Sum(LengthOf) / Mebi;

    /// <summary>Fails where the figures would not be true.</summary>
    public static void RequireRoot()
    {
        if (CurrentProcess.EffectiveUserId != 0)
        {
            throw new InvalidOperationException("Memory and descriptors of the agent are shown to root only.");
        }
    }

    private static long ProportionalKilobytes(int process)
    {
        try
        {
            // "Pss:                 123 kB"
            string line = File.ReadLines($"/proc/{process}/smaps_rollup").First(text => text.StartsWith("Pss:", StringComparison.Ordinal));
            return long.Parse(line.AsSpan("Pss:".Length).TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // It has just ended.
            return 0;
        }
    }

    private static long LengthOf(string file)
    {
        try
        {
            return new FileInfo(file).Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }
}

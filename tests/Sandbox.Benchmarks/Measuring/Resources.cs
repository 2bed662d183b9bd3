using System.Globalization;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Measuring;

/// <summary>Resources used by processes, which only root can read for all users.</summary>
internal static class Resources
{
    private const double Mebi = 1024 * 1024;

    /// <summary>Returns the proportional set size of processes in MiB: shared memory is divided among its users. See proc(5), <c>smaps_rollup</c>.</summary>
    public static double MemoryOf(params IEnumerable<int> processes) => processes.Sum(ProportionalKilobytes) / 1024d;

    /// <summary>Returns the processor time of a process without its children in milliseconds, in steps of ten. See proc(5), <c>stat</c>.</summary>
    public static double ProcessorTimeOf(int process)
    {
        const int userField = 11, systemField = 12, millisecondsPerTick = 10;
        string stat = File.ReadAllText($"/proc/{process}/stat");
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return millisecondsPerTick * (
            double.Parse(fields[userField], CultureInfo.InvariantCulture) + double.Parse(fields[systemField], CultureInfo.InvariantCulture));
    }

    /// <summary>Returns the number of open descriptors of a process.</summary>
    public static int DescriptorsOf(int process) => Directory.GetFileSystemEntries($"/proc/{process}/fd").Length;

    /// <summary>Returns the size of the files in a directory in MiB.</summary>
    public static double DiskOf(string directory) =>
        Directory.EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Sum(LengthOf) / Mebi;

    /// <summary>Throws where the values cannot be read completely.</summary>
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
            // It has just exited.
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

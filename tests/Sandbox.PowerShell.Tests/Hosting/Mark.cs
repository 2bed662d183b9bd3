using System.Globalization;

namespace Sandbox.Tests;

/// <summary>Finds a process of one test, seen from the host, among those of other tests and of other runs.</summary>
internal static class Mark
{
    /// <summary>A number of seconds to sleep that nothing else on this machine sleeps.</summary>
    public static string Next() => $"1{Random.Shared.NextInt64(1_000_000_000_000_000):d15}".ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether a process sleeps so long.</summary>
    public static bool IsRunning(string mark) => Directory.EnumerateDirectories("/proc").Any(process =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")) == $"sleep\0{mark}\0";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });
}

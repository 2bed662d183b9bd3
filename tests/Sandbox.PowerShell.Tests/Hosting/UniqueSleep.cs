using System.Globalization;

namespace Sandbox.Tests;

/// <summary>Finds a process of one test on the host by a unique argument.</summary>
internal static class UniqueSleep
{
    /// <summary>Returns a number of seconds for <c>sleep</c> that nothing else on this machine uses.</summary>
    public static string Next() => $"1{Random.Shared.NextInt64(1_000_000_000_000_000):d15}".ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns whether a <c>sleep</c> process with this argument runs.</summary>
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

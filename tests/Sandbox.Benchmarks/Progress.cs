using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Benchmarks;

/// <summary>Writes progress to standard error.</summary>
internal static class Progress
{
    private static readonly long Begin = Stopwatch.GetTimestamp();

    public static void Say(string line) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Stopwatch.GetElapsedTime(Begin).TotalSeconds,6:0.0} s] {line}"));
}

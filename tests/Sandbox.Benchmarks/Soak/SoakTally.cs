using System.Collections.Concurrent;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Counters of the soak test.</summary>
internal sealed class SoakTally
{
    private const int FaultsShown = 20;
    private readonly ConcurrentDictionary<string, int> kinds = new(StringComparer.Ordinal);
    private int faults;

    public int Faults => Volatile.Read(ref faults);

    public int Commands => kinds.Values.Sum();

    /// <summary>Counts a command and its fault, if any.</summary>
    /// <param name="fault">The fault; null for none.</param>
    public void Count(string kind, string? fault)
    {
        kinds.AddOrUpdate(kind, 1, (_, count) => count + 1);
        if (fault is not null)
        {
            Fail(fault);
        }
    }

    /// <summary>Counts a fault outside a command.</summary>
    public void Fail(string fault)
    {
        if (Interlocked.Increment(ref faults) <= FaultsShown)
        {
            Progress.Say($"WRONG: {fault}");
        }
    }

    public override string ToString() => string.Join(", ", kinds.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}"));
}

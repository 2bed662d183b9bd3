using System.Collections.Concurrent;

namespace Sandbox.Benchmarks.Soak;

/// <summary>What a soak has come to so far.</summary>
internal sealed class SoakTally
{
    private const int FaultsShown = 20;
    private readonly ConcurrentDictionary<string, int> kinds = new(StringComparer.Ordinal);
    private int faults;

    public int Faults => Volatile.Read(ref faults);

    public int Commands => kinds.Values.Sum();

    /// <summary>Counts a command, or something that must not be.</summary>
    /// <param name="kind">What it tried.</param>
    /// <param name="fault">What is wrong; null for nothing.</param>
    public void Count(string kind, string? fault)
    {
        kinds.AddOrUpdate(kind, 1, (_, count) => count + 1);
        if (fault is not null)
        {
            Fail(fault);
        }
    }

    /// <summary>Something is wrong.</summary>
    public void Fail(string fault)
    {
        if (Interlocked.Increment(ref faults) <= FaultsShown)
        {
            Progress.Say($"WRONG: {fault}");
        }
    }

    public override string ToString() => string.Join(", ", kinds.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}"));
}

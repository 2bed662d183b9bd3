using System.Collections.Concurrent;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Counters of the soak test.</summary>
internal sealed class SoakTally
{
    private const int FaultsShown = 20;
    private readonly ConcurrentDictionary<string, int> _kinds = new(StringComparer.Ordinal);
    private int _faults;

    public int Faults => Volatile.Read(ref _faults);

    public int Commands => _kinds.Values.Sum();

    /// <summary>Counts a command and its fault, if any.</summary>
    /// <param name="fault">The fault; null for none.</param>
    public void Count(string kind, string? fault)
    {
        _kinds.AddOrUpdate(kind, 1, (_, count) => count + 1);
        if (fault is not null)
        {
            Fail(fault);
        }
    }

    /// <summary>Counts a fault outside a command.</summary>
    public void Fail(string fault)
    {
        if (Interlocked.Increment(ref _faults) <= FaultsShown)
        {
            Progress.Say($"WRONG: {fault}");
        }
    }

    public override string ToString() => string.Join(", ", _kinds.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Value} {pair.Key}"));
}

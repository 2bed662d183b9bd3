using System.Collections.Concurrent;

namespace Sandbox;

/// <summary>Shows each warning to a user only once. Thread-safe.</summary>
internal sealed class ShownWarnings
{
    private readonly ConcurrentDictionary<string, bool> _shown = new(StringComparer.Ordinal);

    /// <summary>Returns the warnings that were not returned before.</summary>
    /// <param name="warnings">The warnings; null for none.</param>
    public IEnumerable<string> TakeNew(IEnumerable<string>? warnings) => (warnings ?? []).Where(text => _shown.TryAdd(text, true));
}

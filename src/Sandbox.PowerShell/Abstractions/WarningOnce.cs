using System.Collections.Concurrent;

namespace Sandbox;

/// <summary>What a user should be told, but only once in a process.</summary>
internal static class WarningOnce
{
    private static readonly ConcurrentDictionary<string, bool> Told = new(StringComparer.Ordinal);

    /// <summary>Those that are said for the first time.</summary>
    /// <param name="warnings">The warnings; null for none.</param>
    public static IEnumerable<string> New(IEnumerable<string>? warnings) => (warnings ?? []).Where(text => Told.TryAdd(text, true));
}

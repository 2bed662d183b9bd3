using System.Collections.Concurrent;

namespace Sandbox;

/// <summary>What a user should be told, but only once in a process.</summary>
internal static class WarningOnce
{
    private static readonly ConcurrentDictionary<string, bool> Told = new(StringComparer.Ordinal);

    /// <summary>Whether this is the first time; from now on it is not.</summary>
    /// <param name="text">The warning.</param>
    public static bool IsNew(string text) => Told.TryAdd(text, true);
}

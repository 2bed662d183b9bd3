using System.Management.Automation;

namespace Sandbox;

/// <summary>Patterns to exclude: of names, or, with a slash, of paths from the top.</summary>
/// <param name="patterns">The patterns, as a user gave them; null for none.</param>
internal sealed class Excludes(string[]? patterns)
{
    private readonly WildcardPattern[][] _parts = 
        [.. (patterns ?? []).Select(pattern => pattern.Trim('/').Split('/').Select(part => new WildcardPattern(part)).ToArray())];

    /// <summary>The patterns as the server takes them.</summary>
    public IEnumerable<string> ForServer => (patterns ?? []).Select(ItemPattern.ToServer);

    /// <summary>Whether an item is excluded.</summary>
    /// <param name="path">The path relative to the copied directory.</param>
    /// <param name="name">Its name.</param>
    public bool Has(string path, string name)
    {
        string[] parts = path.Split('/');
        return _parts.Any(pattern => pattern.Length == 1
            ? pattern[0].IsMatch(name)
            : pattern.Length == parts.Length && pattern.Zip(parts).All(pair => pair.First.IsMatch(pair.Second)));
    }
}

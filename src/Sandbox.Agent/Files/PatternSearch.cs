using System.ComponentModel;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Finds the paths that match a pattern, each part of which may be a <see cref="GlobPattern"/>.</summary>
internal static class PatternSearch
{
    /// <summary>Gets the matches, sorted by name.</summary>
    /// <param name="hidden">Whether wildcards find names that begin with a dot, also where the pattern does not begin with one.</param>
    public static IEnumerable<FileEntry> Find(string pattern, string directory, bool hidden)
    {
        IEnumerable<string> places = [pattern.StartsWith('/') ? "/" : directory];
        foreach (string part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            places = GlobPattern.IsPattern(part)
                ? places.SelectMany(place => Children(place, new GlobPattern(part), hidden))
                : places.Select(place => SandboxPath.Absolute(GlobPattern.Literal(part), place));
        }

        return places.Select(place => TryFind(place)).OfType<FileEntry>();
    }

    private static IEnumerable<string> Children(string directory, GlobPattern pattern, bool hidden)
    {
        try
        {
            return [.. DirectoryListing.Read(directory, hidden || pattern.WantsHidden).Select(entry => entry.Name)
                .Where(pattern.IsMatch)
                .Select(name => SandboxPath.Join(directory, name))];
        }
        catch (Win32Exception)
        {
            // What is not a readable directory has no matches, as in a shell.
            return [];
        }
    }

    private static FileEntry? TryFind(string path)
    {
        try
        {
            return FileEntries.TryFind(path);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}

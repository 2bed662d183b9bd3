namespace Sandbox.Protocol;

/// <summary>Patterns of what a copy, a backup, a listing or a watch leaves out, by the rules of <c>.gitignore</c>. The last pattern that matches decides;
/// what lies in a directory that is left out is left out with it. Besides, <c>./a</c> means <c>/a</c>. See gitignore(5).</summary>
public sealed class ExcludePatterns
{
    private readonly ExcludePattern[] _patterns;
    private readonly bool[] _hasMatched;

    /// <summary>Reads patterns.</summary>
    /// <param name="patterns">The patterns, without comments and empty lines: see <see cref="ReadLines"/> for those of a file.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> for a path with <c>..</c>.</exception>
    public ExcludePatterns(IEnumerable<string> patterns)
    {
        Texts = [.. patterns];
        _patterns = [.. Texts.Select(text => new ExcludePattern(text))];
        _hasMatched = new bool[_patterns.Length];
    }

    /// <summary>The patterns.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The indexes of the patterns that have matched nothing yet.</summary>
    public IEnumerable<int> Unmatched => Enumerable.Range(0, _patterns.Length).Where(index => !_hasMatched[index]);

    /// <summary>Returns the patterns of a file such as <c>.gitignore</c>: without comments, empty lines and spaces at the end.</summary>
    /// <param name="lines">The lines of the file.</param>
    public static IEnumerable<string> ReadLines(IEnumerable<string> lines) =>
        lines.Select(TrimSpaces).Where(line => line.Length > 0 && !line.StartsWith('#'));

    /// <summary>Returns whether an item is left out. The directory that it lies in is not.</summary>
    /// <param name="isDirectory">Whether it is a directory. A link is none.</param>
    /// <param name="paths">Its path, relative to the directory that the patterns apply to; with several, a pattern need match one.</param>
    public bool Has(bool isDirectory, params ReadOnlySpan<string> paths)
    {
        string[][] parts = new string[paths.Length][];
        for (int index = 0; index < paths.Length; index++)
        {
            parts[index] = paths[index].Split('/');
        }

        return Has(parts, isDirectory, static _ => true);
    }

    /// <summary>Returns whether an item that was named itself is left out. Patterns of everything, such as <c>*</c>, mean the content of a directory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isDirectory">Whether it is a directory.</param>
    public bool HasNamed(string name, bool isDirectory) => Has([[name]], isDirectory, pattern => !isDirectory || !pattern.IsOfEverything);

    private bool Has(string[][] paths, bool isDirectory, Func<ExcludePattern, bool> applies)
    {
        bool isExcluded = false;
        for (int index = 0; index < _patterns.Length; index++)
        {
            ExcludePattern pattern = _patterns[index];
            if (applies(pattern) && Array.Exists(paths, path => pattern.IsMatch(path, isDirectory)))
            {
                _hasMatched[index] = true;
                isExcluded = !pattern.IsNegated;
            }
        }

        return isExcluded;
    }

    // A space after a backslash is part of the pattern.
    private static string TrimSpaces(string line)
    {
        string trimmed = line.TrimEnd('\r', ' ', '\t');
        return trimmed.EndsWith('\\') && trimmed.Length < line.Length && line[trimmed.Length] == ' ' ? line[..(trimmed.Length + 1)] : trimmed;
    }
}

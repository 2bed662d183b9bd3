namespace Sandbox.Protocol;

/// <summary>One pattern as in <c>.gitignore</c>, see <see cref="ExcludePatterns"/>.</summary>
internal sealed class ExcludePattern
{
    private const string AnyDepth = "**";

    private readonly string[] _texts;
    private readonly GlobPattern[] _parts;
    private readonly bool _isDirectoryOnly;

    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public ExcludePattern(string text)
    {
        IsNegated = text.StartsWith('!');
        string pattern = IsNegated ? text[1..] : text;
        pattern = pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[1..] : pattern;
        _isDirectoryOnly = pattern.EndsWith('/');
        pattern = pattern.TrimEnd('/');

        // A slash at the beginning or in the middle makes it a path; otherwise it is a name at any depth.
        bool isPath = pattern.Contains('/');
        _texts = pattern.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (_texts.Contains(".."))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"exclude paths must not contain \"..\": '{text}'");
        }

        if (!isPath && _texts.Length > 0)
        {
            _texts = [AnyDepth, .. _texts];
        }

        _parts = [.. _texts.Select(part => new GlobPattern(part, isIgnoreRule: true))];
    }

    public bool IsNegated { get; }

    /// <summary>Whether it matches whatever there is.</summary>
    public bool IsOfEverything => Array.TrueForAll(_texts, part => part.All(character => character == '*'));

    /// <param name="path">The parts of the path.</param>
    public bool IsMatch(string[] path, bool isDirectory) => (isDirectory || !_isDirectoryOnly) && _texts.Length > 0 && IsMatch(path, 0, 0);

    private bool IsMatch(string[] path, int at, int part)
    {
        for (; part < _texts.Length; part++, at++)
        {
            if (_texts[part] == AnyDepth)
            {
                // At the end it is all that lies below, but not the directory itself.
                return part == _texts.Length - 1
                    ? at < path.Length
                    : Enumerable.Range(at, path.Length - at).Any(next => IsMatch(path, next, part + 1));
            }

            if (at == path.Length || !_parts[part].IsMatch(path[at]))
            {
                return false;
            }
        }

        return at == path.Length;
    }
}

using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>What an archive leaves out. A <see cref="GlobPattern"/> without a slash excludes names at any depth, one with a slash paths from the top.</summary>
internal sealed class ExcludeList
{
    private readonly List<GlobPattern> _names = [];
    private readonly List<GlobPattern> _paths = [];

    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public ExcludeList(IEnumerable<string> patterns)
    {
        foreach (string text in patterns)
        {
            if (text.Split('/').Contains(".."))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "exclude paths must not contain \"..\"");
            }

            string pattern = text.StartsWith("./", StringComparison.Ordinal) ? text[1..] : text;
            (pattern.TrimEnd('/').Contains('/') ? _paths : _names).Add(new GlobPattern(pattern.Trim('/')));
        }
    }

    /// <summary>Whether an entry is left out.</summary>
    public bool Has(string path, string name) => _names.Any(pattern => pattern.IsMatch(name)) || _paths.Any(pattern => pattern.IsMatch(path));
}

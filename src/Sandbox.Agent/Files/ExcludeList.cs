using Sandbox.Agent.Api;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>What an archive leaves out: by name at any depth, or, with a slash in it, by path from the top. Each is a <see cref="GlobPattern"/>.</summary>
internal sealed class ExcludeList
{
    private readonly List<GlobPattern> _names = [];
    private readonly List<GlobPattern> _paths = [];

    /// <summary>Reads the list of a request: <c>excludes=a,b</c>, as Cloudflare's bridge has it, or <c>exclude=</c> once for each.</summary>
    /// <param name="context">The request.</param>
    public static ExcludeList From(HttpContext context)
    {
        ExcludeList list = new();
        foreach (string text in RequestPath.Texts(context, "exclude").Concat((RequestPath.Text(context, "excludes") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (text.Split('/').Contains(".."))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, "exclude paths must not contain \"..\"");
            }

            string pattern = text.StartsWith("./", StringComparison.Ordinal) ? text[1..] : text;
            (pattern.TrimEnd('/').Contains('/') ? list._paths : list._names).Add(new GlobPattern(pattern.Trim('/')));
        }

        return list;
    }

    /// <summary>Whether an entry is left out.</summary>
    /// <param name="path">Its path from the top.</param>
    /// <param name="name">Its name.</param>
    public bool Has(string path, string name) => _names.Any(pattern => pattern.IsMatch(name)) || _paths.Any(pattern => pattern.IsMatch(path));
}

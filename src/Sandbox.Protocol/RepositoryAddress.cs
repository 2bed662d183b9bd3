namespace Sandbox.Protocol;

/// <summary>A repository's address, separated from its user name and password: others in the sandbox can read arguments and the repository's
/// configuration.</summary>
/// <param name="Uri">The address.</param>
/// <param name="UserName">The user name that it contained, if any.</param>
/// <param name="Password">The password that it contained, if any.</param>
public sealed record RepositoryAddress(string Uri, string? UserName, string? Password)
{
    private static readonly string[] Schemes = ["http://", "https://"];

    /// <summary>Whether the protocol supports a user name and password.</summary>
    public bool TakesCredential => SchemeOf(Uri) is not null;

    /// <summary>The server: <c>https://host:port</c>; null when it supports no credential.</summary>
    public string? Server => SchemeOf(Uri) is { } scheme ? Uri[..EndOfAuthority(Uri, scheme.Length)] : null;

    /// <summary>The default name of the directory, as git chooses it.</summary>
    public string Name
    {
        get
        {
            string path = Trim(Trim(Uri, "/"), "/.git");
            return Trim(path[(path.LastIndexOfAny(['/', ':']) + 1)..], ".git");
        }
    }

    /// <summary>Parses an address.</summary>
    public static RepositoryAddress Parse(string uri)
    {
        if (SchemeOf(uri) is not { } scheme)
        {
            return new(uri, null, null);
        }

        int at = uri.LastIndexOf('@', EndOfAuthority(uri, scheme.Length) - 1);
        if (at < scheme.Length)
        {
            return new(uri, null, null);
        }

        string[] parts = uri[scheme.Length..at].Split(':', 2);
        return new(
            uri[..scheme.Length] + uri[(at + 1)..], System.Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? System.Uri.UnescapeDataString(parts[1]) : null);
    }

    /// <summary>Returns the address without the password.</summary>
    public override string ToString() => Uri;

    private static string? SchemeOf(string uri) => Schemes.FirstOrDefault(scheme => uri.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    private static int EndOfAuthority(string uri, int begin) => uri.AsSpan(begin).IndexOfAny("/?#") is var end and >= 0 ? begin + end : uri.Length;

    private static string Trim(string text, string end) => text.EndsWith(end, StringComparison.Ordinal) ? Trim(text[..^end.Length], end) : text;
}

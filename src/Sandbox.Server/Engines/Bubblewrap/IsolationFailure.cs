using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Why this host gives no isolation, and what its owner can do: the one sentence that users see.</summary>
/// <param name="Reason">What is missing or refused.</param>
/// <param name="Remedy">What to do.</param>
internal sealed record IsolationFailure(string Reason, string Remedy)
{
    private const int LongestQuote = 200;

    /// <summary>The code by which the API tells it.</summary>
    public string Code { get; init; } = ErrorCodes.IsolationUnavailable;

    /// <summary>A program is not there.</summary>
    /// <param name="description">The program, for people.</param>
    /// <param name="package">The package that has it.</param>
    public static IsolationFailure Missing(string description, string package) =>
        new($"{description} is not installed.", $"Install it: apt-get install {package} (or your distribution's way).");

    /// <summary>There is no filter for this machine's processor.</summary>
    public static IsolationFailure UnknownProcessor { get; } =
        new("System calls can be filtered on x86-64 and arm64 processors only.", "Use a server on such a machine.");

    /// <summary>Reads what <c>setpriv</c> or <c>bwrap</c> said before it gave up.</summary>
    /// <param name="output">What was printed.</param>
    public static IsolationFailure From(string output)
    {
        string said = LastLine(output);
        string[] aboutNamespaces = ["namespace", "uid map", "gid map", "setgroups", "clone", "unshare", "userns"];
        string remedy = aboutNamespaces.Any(word => said.Contains(word, StringComparison.OrdinalIgnoreCase))
            ? "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, and an AppArmor profile "
                + "for bwrap (or sysctl kernel.apparmor_restrict_unprivileged_userns=0) where those exist; in a container, ask for one that may make them."
            : "Check that bubblewrap 0.8 or newer is installed and that this host lets it work.";
        return new IsolationFailure($"bubblewrap cannot isolate here: {said}.", remedy);
    }

    /// <summary>Why a sandbox could not be joined to the internet.</summary>
    /// <param name="what">What failed.</param>
    /// <param name="output">What it printed.</param>
    public static IsolationFailure OfNetwork(string what, string output) => new(
        $"Sandboxes cannot be joined to the internet here: {what}: {LastLine(output)}.",
        "Check that slirp4netns 1.2 or newer and nftables work on this host and that /dev/net/tun may be used, or ask for the network 'none'.")
    {
        Code = ErrorCodes.NetworkUnavailable,
    };

    /// <summary>The failure as the API tells it.</summary>
    public ApiException ToException() => new(Code, $"{Reason} {Remedy}");

    private static string LastLine(string output)
    {
        string said = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault("no reason given").TrimEnd('.');
        return said.Length > LongestQuote ? said[..LongestQuote] + "…" : said;
    }
}

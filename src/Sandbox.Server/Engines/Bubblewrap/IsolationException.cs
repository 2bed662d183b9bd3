using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>This host cannot isolate a sandbox, or cannot connect one to the internet. Users see the reason and the remedy.</summary>
internal sealed class IsolationException(string reason, string remedy, string code = ErrorCodes.IsolationUnavailable) : Exception(reason)
{
    private const int MaxQuoteLength = 200;

    public static IsolationException UnsupportedProcessor { get; } =
        new("System calls can be filtered on x86-64 and arm64 processors only.", "Use a server on such a machine.");

    /// <summary>Gets what is missing or refused.</summary>
    public string Reason => Message;

    /// <summary>Gets what the host's owner can do.</summary>
    public string Remedy => remedy;

    /// <summary>Creates the error for a program that is not installed.</summary>
    public static IsolationException MissingProgram(string description, string package, string code = ErrorCodes.IsolationUnavailable) =>
        new($"{description} is not installed.", $"Install it: apt-get install {package} (or your distribution's way).", code);

    /// <summary>Creates the error for what <c>setpriv</c> or <c>bwrap</c> printed before it failed.</summary>
    public static IsolationException FromOutput(string output)
    {
        string message = LastLine(output);
        string[] namespaceTerms = ["namespace", "uid map", "gid map", "setgroups", "clone", "unshare", "userns"];
        string remedy = namespaceTerms.Any(term => message.Contains(term, StringComparison.OrdinalIgnoreCase))
            ? "Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, and an AppArmor profile "
                + "for bwrap (or sysctl kernel.apparmor_restrict_unprivileged_userns=0) where those exist; in a container, ask for one that may make them."
            : "Check that bubblewrap 0.8 or newer is installed and that this host lets it work.";
        return new IsolationException($"bubblewrap cannot isolate here: {message}.", remedy);
    }

    /// <summary>Creates the error for a sandbox that could not be connected to the internet.</summary>
    /// <param name="what">What failed.</param>
    /// <param name="output">What it printed.</param>
    public static IsolationException ForNetwork(string what, string output) => new(
        $"Sandboxes cannot be connected to the internet here: {what}: {LastLine(output)}.",
        "Check that slirp4netns 1.2 or newer and nftables work on this host and that /dev/net/tun may be used, or ask for the network 'none'.",
        ErrorCodes.NetworkUnavailable);

    public ApiException ToApiException() => new(code, $"{Reason} {Remedy}");

    private static string LastLine(string output)
    {
        string line = output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).LastOrDefault("no reason given").TrimEnd('.');
        return line.Length > MaxQuoteLength ? line[..MaxQuoteLength] + "…" : line;
    }
}

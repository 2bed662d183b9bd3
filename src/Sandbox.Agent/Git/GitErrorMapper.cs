using Sandbox.Protocol;

namespace Sandbox.Agent.Git;

/// <summary>Turns git's messages into API errors: its exit code is the same for all.</summary>
internal static class GitErrorMapper
{
    private const int ShownLines = 5;

    // The order matters: a server that refuses a login may also say that there is no such repository. Texts of git 2.20 to 2.50 and its libraries in the C
    // locale.
    private static readonly (string Code, string Sentence, string[] Words)[] Kinds =
    [
        (ErrorCodes.DiskFull, "The disk is full.", ["No space left on device", "Disk quota exceeded"]),
        (ErrorCodes.AuthenticationFailed, "Its server requires valid credentials.",
            ["Authentication failed", "could not read Username", "could not read Password", "terminal prompts disabled",
                "Permission denied (", "Host key verification failed",
             "returned error: 401", "returned error: 403", "HTTP Basic: Access denied"]),
        (ErrorCodes.NetworkUnreachable, "Its server cannot be reached from the sandbox.",
            ["Could not resolve", "unable to look up", "Failed to connect", "Couldn't connect",
                "Connection refused", "Connection timed out", "Connection reset", "Network is unreachable", "No route to host",
             "Operation timed out", "Name or service not known", "Temporary failure in name resolution",
             "Empty reply from server", "SSL certificate problem", "SSL_ERROR", "gnutls_handshake", "unable to connect"]),
        (ErrorCodes.BranchNotFound, "It has no such branch, tag or commit.",
            ["Remote branch", "couldn't find remote ref", "not our ref", "reference is not a tree", "bad revision",
                "unable to read tree", "did not match any file", "unknown revision", "invalid reference",
             "Needed a single revision", "not a valid object name", "bad object", "Not a valid object", "cannot be resolved to a commit"]),
        (ErrorCodes.RepositoryNotFound, "The repository does not exist, or you have no access to it.",
            ["does not appear to be a git repository", "does not exist", "Repository not found", "repository '", "returned error: 404",
                "not valid: is this a git repository", "Could not read from remote repository"]),
    ];

    public static ApiException Of(RepositoryAddress address, IReadOnlyCollection<string> lines, Func<string, string> clean)
    {
        string said = clean(string.Join(' ', lines.Where(IsTelling).TakeLast(ShownLines)));
        foreach ((string code, string sentence, string[] words) in Kinds)
        {
            if (lines.Any(line => words.Any(word => line.Contains(word, StringComparison.Ordinal))))
            {
                return new(code, $"'{address}' could not be checked out. {sentence} Git says: {said}");
            }
        }

        return new(ErrorCodes.GitFailed, $"'{address}' could not be checked out. Git says: {(said.Length == 0 ? "nothing." : said)}");
    }

    private static bool IsTelling(string line) =>
        !line.StartsWith("Cloning into", StringComparison.Ordinal) && !line.StartsWith("warning:", StringComparison.Ordinal);
}

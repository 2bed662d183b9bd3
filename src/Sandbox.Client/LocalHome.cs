namespace Sandbox.Client;

/// <summary>Where the local server's socket would be, by the rule that the server keeps. It serves to look whether a server runs, without starting one.</summary>
internal static class LocalHome
{
    /// <summary>The socket of a server that runs or ran; null where there is none.</summary>
    public static string? FindSocket() => Candidates().Select(run => Path.Combine(run, "server.sock")).FirstOrDefault(File.Exists);

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("SANDBOX_HOME") is { Length: > 0 } moved)
        {
            return [Path.Combine(Path.GetFullPath(moved), "run")];
        }

        if (Environment.IsPrivilegedProcess)
        {
            return ["/run/sandbox"];
        }

        string state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } given && Path.IsPathFullyQualified(given)
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        IEnumerable<string> inState = [Path.Combine(state, "sandbox", "run")];
        return Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Path.IsPathFullyQualified(runtime)
            ? inState.Prepend(Path.Combine(runtime, "sandbox"))
            : inState;
    }
}

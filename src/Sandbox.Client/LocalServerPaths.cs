namespace Sandbox.Client;

/// <summary>Locates the local server's socket by the server's own rules, without starting a server.</summary>
internal static class LocalServerPaths
{
    /// <summary>Returns the socket of a server that runs or ran, or null if there is none.</summary>
    /// <param name="settings">Where the server keeps its files.</param>
    public static string? FindSocket(ClientSettings settings) =>
        RunDirectories(settings).Select(directory => Path.Combine(directory, "server.sock")).FirstOrDefault(File.Exists);

    private static IEnumerable<string> RunDirectories(ClientSettings settings)
    {
        if (settings.Home is { } home)
        {
            return [Path.Combine(Path.GetFullPath(home), "run")];
        }

        if (Environment.IsPrivilegedProcess)
        {
            return ["/run/sandbox"];
        }

        string state = settings.StateHome is { } given && Path.IsPathFullyQualified(given)
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        IEnumerable<string> inState = [Path.Combine(state, "sandbox", "run")];
        return settings.RuntimeDirectory is { } runtime && Path.IsPathFullyQualified(runtime)
            ? inState.Prepend(Path.Combine(runtime, "sandbox"))
            : inState;
    }
}

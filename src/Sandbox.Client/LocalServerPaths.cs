using System.Formats.Tar;

namespace Sandbox.Client;

/// <summary>Locates the local server's socket by the server's own rules, without starting a server.</summary>
internal static class LocalServerPaths
{
    /// <summary>Returns the socket of a server that runs or ran, or null if there is none.</summary>
    /// <param name="settings">Where the server keeps its files.</param>
    public static string? FindSocket(ClientSettings settings) => FindSocket(settings, Environment.IsPrivilegedProcess);

    /// <inheritdoc cref="FindSocket(ClientSettings)" />
    internal static string? FindSocket(ClientSettings settings, bool isRoot) =>
        RunDirectories(settings, isRoot).Select(directory => Path.Combine(directory, "server.sock")).FirstOrDefault(File.Exists);

    private static IEnumerable<string> RunDirectories(ClientSettings settings, bool isRoot)
    {
        if (settings.Home is { } home)
        {
            return [Path.Combine(Path.GetFullPath(home), "run")];
        }

        if (isRoot)
        {
            return ["/run/sandbox"];
        }

        string state = settings.StateHome is { } given && Path.IsPathFullyQualified(given)
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        IEnumerable<string> inState = [Path.Combine(state, "sandbox", "run")];
        return settings.RuntimeDirectory is { } runtime && Path.IsPathFullyQualified(runtime) && IsOwn(runtime)
            ? inState.Prepend(Path.Combine(runtime, "sandbox"))
            : inState;
    }

    // The variable survives a change of the user, as by su. The server ignores another user's directory too.
    private static bool IsOwn(string directory)
    {
        // TarEntry is the only API of .NET that tells the owner.
        using MemoryStream archive = new();
        try
        {
            using (TarWriter tar = new(archive, leaveOpen: true))
            {
                tar.WriteEntry(directory, "directory");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        archive.Position = 0;
        using TarReader reader = new(archive);
        return SocketPeer.CurrentUserId is not { } user || (reader.GetNextEntry() is { } entry && entry.Uid == user);
    }
}

using Sandbox.Agent.Files;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>Working directories that requests name, and those of sessions, which their code can remove.</summary>
internal static class WorkingDirectory
{
    private const string RemovedMark = " (deleted)";

    /// <summary>Gets the full path of a directory that a request names.</summary>
    /// <param name="given">The directory; null for the current one.</param>
    /// <param name="current">The directory of the session or sandbox. Only what starts from it needs it to exist.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>: the current one was removed.</exception>
    public static string Resolve(string? given, string current)
    {
        if (given is null)
        {
            return Require(current);
        }

        string path = SandboxPath.ExpandHome(given);
        return Path.GetFullPath(path, path.StartsWith('/') ? "/" : Require(current));
    }

    /// <summary>Gets the full path of an existing directory.</summary>
    /// <inheritdoc cref="Resolve" />
    public static string ResolveExisting(string? given, string current)
    {
        string directory = Resolve(given, current);
        return Exists(directory) ? directory : throw new ApiException(
            ErrorCodes.WorkingDirectoryNotFound,
            $"The working directory '{directory}' {(File.Exists(directory) ? "is not a directory" : "does not exist")}.");
    }

    /// <summary>Gets the directory of a session.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>: it was removed.</exception>
    public static string Require(string directory) => Exists(directory) ? directory
        : throw new ApiException(ErrorCodes.WorkingDirectoryNotFound, $"The working directory '{directory}' of the session was removed.");

    /// <summary>Returns whether a process is in a directory that was removed.</summary>
    public static bool IsRemovedFor(int process)
    {
        try
        {
            return PathText.FromBytes(FileSystem.ReadLink(SandboxPath.Native($"/proc/{process}/cwd")).Bytes).EndsWith(RemovedMark, StringComparison.Ordinal);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It has ended.
            return false;
        }
    }

    // A name that is not UTF-8 is known by its replacement only.
    private static bool Exists(string directory) => Directory.Exists(directory) || directory.Contains('\uFFFD');
}

using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Paths as the agent works with them: absolute, without empty parts, in the form of <see cref="PathText"/>.</summary>
internal static class SandboxPath
{
    private const int MostLinks = 40;

    /// <summary>The path for the kernel.</summary>
    /// <param name="path">The path.</param>
    public static LinuxPath Native(string path) => new(PathText.ToBytes(path));

    /// <summary>A path that was given, made absolute.</summary>
    /// <param name="path">The path.</param>
    /// <param name="directory">What it is relative to.</param>
    public static string Absolute(string path, string directory)
    {
        string result = "";
        foreach (string part in (path.StartsWith('/') ? path : $"{directory}/{path}").Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            result = part switch
            {
                "." => result,
                ".." => Parent(Followed(result)),
                _ => Join(result, part),
            };
        }

        return result.Length == 0 ? "/" : result;
    }

    /// <summary>An entry of a directory.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">The entry's name.</param>
    public static string Join(string directory, string name) => directory == "/" ? "/" + name : $"{directory}/{name}";

    /// <summary>The directory that a path lies in.</summary>
    /// <param name="path">The path.</param>
    public static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "/";

    /// <summary>Refuses a path whose directory does not exist.</summary>
    /// <param name="path">The path.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.PathNotFound"/>, which names the directory.</exception>
    public static void RequireParent(string path)
    {
        if (FileStatus.TryOf(Native(Parent(path)), follow: true) is null)
        {
            throw new ApiException(ErrorCodes.PathNotFound, $"The directory '{PathText.ToDisplay(Parent(path))}' does not exist.");
        }
    }

    /// <summary>The last part of a path.</summary>
    /// <param name="path">The path.</param>
    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Where a path leads when it is a link, also to what does not exist yet: writing through a link writes there.</summary>
    /// <param name="path">The path.</param>
    public static string Destination(string path)
    {
        for (int links = 0; FileStatus.TryOf(Native(path), follow: false) is { Type: FileType.Link }; links++)
        {
            if (links == MostLinks)
            {
                throw new ApiException(ErrorCodes.LinkLoop, $"'{PathText.ToDisplay(path)}' is a link that leads in a circle.");
            }

            path = Absolute(PathText.FromBytes(FileSystem.ReadLink(Native(path)).Bytes), Parent(path));
        }

        return path;
    }

    /// <summary>Makes a directory and those above it that are missing.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="permissions">Its permissions when it is made.</param>
    /// <returns>Whether it was made.</returns>
    public static bool MakeDirectories(string path, UnixFileMode permissions)
    {
        try
        {
            FileSystem.MakeDirectory(Native(path), permissions);
            return true;
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == ErrorNumbers.NoEntry && path != "/")
        {
            _ = MakeDirectories(Parent(path), Defaults.Directory);
            return MakeDirectories(path, permissions);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode is ErrorNumbers.Exists or ErrorNumbers.ReadOnly or ErrorNumbers.AccessDenied
            && FileStatus.TryOf(Native(path), follow: true) is { Type: FileType.Directory })
        {
            return false;
        }
    }

    // '..' is the parent of where a link leads, not of the link.
    private static string Followed(string path)
    {
        try
        {
            return PathText.FromBytes(FileSystem.Resolve(Native(path.Length == 0 ? "/" : path)).Bytes);
        }
        catch (Win32Exception)
        {
            // What does not exist fails where it is used.
            return path;
        }
    }
}

/// <summary>The permissions of what is made without saying which; the process's mask takes some away.</summary>
internal static class Defaults
{
    /// <summary>Of files: 0666.</summary>
    public const UnixFileMode File = (UnixFileMode)0x1b6;

    /// <summary>Of directories: 0777.</summary>
    public const UnixFileMode Directory = (UnixFileMode)0x1ff;

    /// <summary>Of files that are not finished: 0600.</summary>
    public const UnixFileMode Unfinished = (UnixFileMode)0x180;

    /// <summary>Of directories that are not finished: 0700.</summary>
    public const UnixFileMode UnfinishedDirectory = (UnixFileMode)0x1c0;
}

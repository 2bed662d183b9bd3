using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Paths inside the agent: absolute, without empty parts, in the form of <see cref="PathText"/>.</summary>
internal static class SandboxPath
{
    private const int MaximumLinks = 40;

    public static LinuxPath Native(string path) => new(PathText.ToBytes(path));

    /// <summary>Replaces a leading <c>~</c> by the home of the sandbox's user, as a shell does. A name <c>~</c> is given as <c>./~</c>.</summary>
    public static string ExpandHome(string path) =>
        (path == "~" || path.StartsWith("~/", StringComparison.Ordinal)) && Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home
            ? home + path[1..]
            : path;

    /// <summary>Makes a path absolute and resolves <c>.</c> and <c>..</c>.</summary>
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

    public static string Join(string directory, string name) => directory == "/" ? "/" + name : $"{directory}/{name}";

    public static string Parent(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : "/";

    /// <summary>Throws when the parent directory does not exist.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.PathNotFound"/>, which names the directory.</exception>
    public static void RequireParent(string path)
    {
        if (FileStatus.TryOf(Native(Parent(path)), follow: true) is null)
        {
            throw new ApiException(ErrorCodes.PathNotFound, $"The directory '{PathText.ToDisplay(Parent(path))}' does not exist.");
        }
    }

    public static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Follows links, also to what does not exist yet: writing through a link writes to its target.</summary>
    public static string Destination(string path)
    {
        for (int links = 0; FileStatus.TryOf(Native(path), follow: false) is { Type: FileType.Link }; links++)
        {
            if (links == MaximumLinks)
            {
                throw new ApiException(ErrorCodes.LinkLoop, $"'{PathText.ToDisplay(path)}' is a link that leads in a circle.");
            }

            path = Absolute(PathText.FromBytes(FileSystem.ReadLink(Native(path)).Bytes), Parent(path));
        }

        return path;
    }

    /// <summary>Creates a directory and its missing parents.</summary>
    /// <returns>Whether it was created.</returns>
    public static bool MakeDirectories(string path, UnixFileMode permissions)
    {
        try
        {
            FileSystem.MakeDirectory(Native(path), permissions);
            return true;
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == Errno.ENOENT && path != "/")
        {
            _ = MakeDirectories(Parent(path), Defaults.Directory);
            return MakeDirectories(path, permissions);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode is Errno.EEXIST or Errno.EROFS or Errno.EACCES
            && FileStatus.TryOf(Native(path), follow: true) is { Type: FileType.Directory })
        {
            return false;
        }
    }

    // '..' is the parent of a link's target, not of the link.
    private static string Followed(string path)
    {
        try
        {
            return PathText.FromBytes(FileSystem.Resolve(Native(path.Length == 0 ? "/" : path)).Bytes);
        }
        catch (Win32Exception)
        {
            // A path that does not exist fails where it is used.
            return path;
        }
    }
}

/// <summary>Permissions of what is created without explicit ones, before the umask.</summary>
internal static class Defaults
{
    /// <summary>0666.</summary>
    public const UnixFileMode File = (UnixFileMode)0x1b6;

    /// <summary>0777.</summary>
    public const UnixFileMode Directory = (UnixFileMode)0x1ff;

    /// <summary>0600.</summary>
    public const UnixFileMode Unfinished = (UnixFileMode)0x180;

    /// <summary>0700.</summary>
    public const UnixFileMode UnfinishedDirectory = (UnixFileMode)0x1c0;
}

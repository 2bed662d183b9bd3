using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Removes, moves and copies files and trees. A destination is always the exact new path, never a directory to put something into.</summary>
internal static class FileOperations
{
    /// <param name="recursive">Whether a directory is removed with its content.</param>
    public static void Remove(string path, bool recursive)
    {
        LinuxPath native = SandboxPath.Native(path);
        if (FileStatus.Of(native, follow: false).Type != FileType.Directory)
        {
            FileSystem.RemoveFile(native);
        }
        else if (recursive)
        {
            FileTree.Remove(native);
        }
        else
        {
            FileSystem.RemoveDirectory(native);
        }
    }

    /// <param name="overwrite">Whether it replaces a file or an empty directory.</param>
    public static void Move(string from, string to, bool overwrite, UnfinishedFiles unfinished, CancellationToken cancellationToken)
    {
        RequireOutside(from, to);
        _ = FileStatus.Of(SandboxPath.Native(from), follow: false);
        SandboxPath.RequireParent(to);
        try
        {
            Rename(from, to, overwrite);
        }
        catch (Win32Exception exception) when (exception.NativeErrorCode == Errno.EXDEV)
        {
            if (!overwrite)
            {
                RequireNew(to);
            }

            Copy(from, to, follow: false, unfinished, cancellationToken);
            Remove(from, recursive: true);
        }
    }

    /// <summary>Copies a file, or a tree, with permissions and times. Links in the tree stay links.</summary>
    /// <param name="recursive">Whether a directory is copied with its content.</param>
    /// <param name="overwrite">Whether it replaces a file or an empty directory.</param>
    public static void Copy(string from, string to, bool recursive, bool overwrite, UnfinishedFiles unfinished, CancellationToken cancellationToken)
    {
        if (FileStatus.Of(SandboxPath.Native(from), follow: true).Type == FileType.Directory)
        {
            if (!recursive)
            {
                throw new ApiException(ErrorCodes.IsADirectory, $"'{PathText.ToDisplay(from)}' is a directory. It is copied only recursively.");
            }

            RequireOutside(PathText.FromBytes(FileSystem.Resolve(SandboxPath.Native(from)).Bytes), to);
        }

        SandboxPath.RequireParent(to);
        if (!overwrite)
        {
            RequireNew(to);
        }

        Copy(from, to, follow: true, unfinished, cancellationToken);
    }

    /// <summary>Moves within a file system.</summary>
    /// <param name="overwrite">Whether it replaces a file or an empty directory.</param>
    public static void Rename(string from, string to, bool overwrite)
    {
        try
        {
            FileSystem.Rename(SandboxPath.Native(from), SandboxPath.Native(to), overwrite);
        }
        catch (Win32Exception exception) when (!overwrite && exception.NativeErrorCode == Errno.EINVAL)
        {
            // The file system does not support RENAME_NOREPLACE.
            RequireNew(to);
            FileSystem.Rename(SandboxPath.Native(from), SandboxPath.Native(to), replace: true);
        }
    }

    // Copied next to the destination and moved there when it is complete.
    private static void Copy(string from, string to, bool follow, UnfinishedFiles unfinished, CancellationToken cancellationToken)
    {
        string temporary = unfinished.Add(TemporaryName.Beside(to));
        try
        {
            new CopyOperation(unfinished, cancellationToken).Copy(from, temporary, follow);
            FileSystem.Rename(SandboxPath.Native(temporary), SandboxPath.Native(to), replace: true);
        }
        finally
        {
            unfinished.Remove(temporary);
        }
    }

    /// <summary>Removes something unfinished, if it exists and can be removed.</summary>
    public static void TryRemove(string path)
    {
        try
        {
            Remove(path, recursive: true);
        }
        catch (Win32Exception)
        {
            // It was never created, or cannot be removed; the first error is the one to report.
        }
    }

    private static void RequireNew(string path)
    {
        if (FileStatus.TryOf(SandboxPath.Native(path), follow: false) is not null)
        {
            throw new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(path)}' exists already.");
        }
    }

    private static void RequireOutside(string from, string to)
    {
        if (to == from || to.StartsWith(from == "/" ? "/" : from + "/", StringComparison.Ordinal))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"'{PathText.ToDisplay(to)}' is, or lies in, '{PathText.ToDisplay(from)}' itself.");
        }
    }
}

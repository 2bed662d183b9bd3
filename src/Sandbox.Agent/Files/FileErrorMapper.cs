using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Turns errors of system calls on files into API errors.</summary>
internal static class FileErrorMapper
{
    /// <param name="path">The path; null when the exception names it.</param>
    public static ApiException ToApiException(Win32Exception failure, string? path = null)
    {
        string what = path is null ? failure.Message : $"'{PathText.ToDisplay(path)}'";
        return failure.NativeErrorCode switch
        {
            Errno.ENOENT => Make(ErrorCodes.PathNotFound, "does not exist"),
            Errno.EEXIST => Make(ErrorCodes.PathExists, "exists already"),
            Errno.EACCES or Errno.EPERM => Make(ErrorCodes.PermissionDenied, "is not permitted to the sandbox's user"),
            Errno.EROFS => Make(ErrorCodes.PermissionDenied, "lies on a read-only file system"),
            Errno.ENOSPC or Errno.EDQUOT or Errno.EFBIG => Make(ErrorCodes.DiskFull, "does not fit: the sandbox has no space left"),
            Errno.ENOTDIR => Make(ErrorCodes.NotADirectory, "is not a directory, or one of its parents is not"),
            Errno.EISDIR => Make(ErrorCodes.IsADirectory, "is a directory"),
            Errno.ENOTEMPTY => Make(ErrorCodes.DirectoryNotEmpty, "is a directory that is not empty"),
            Errno.EBUSY or Errno.ETXTBSY => Make(ErrorCodes.PathBusy, "is in use, as a mount point or a running program"),
            Errno.ENAMETOOLONG => Make(ErrorCodes.NameTooLong, "is too long: a name has at most 255 bytes, a path at most 4095"),
            Errno.ELOOP => Make(ErrorCodes.LinkLoop, "is a link that leads in a circle"),
            Errno.ENXIO => Make(ErrorCodes.NotAFile, "is not a regular file"),
            Errno.EINVAL => new ApiException(ErrorCodes.InvalidRequest, $"{what} cannot be done.", failure),
            _ => new ApiException(ErrorCodes.InternalError, $"{what}: {failure.Message}", failure),
        };

        ApiException Make(string code, string predicate) => new(code, path is null ? $"{what}." : $"{what} {predicate}.", failure);
    }

    /// <summary>Throws for anything but a regular file, before it is opened: opening a FIFO would block, opening a device could have effects.</summary>
    public static void RequireRegular(FileStatus status, string path)
    {
        if (status.Type == FileType.Directory)
        {
            throw new ApiException(ErrorCodes.IsADirectory, $"'{PathText.ToDisplay(path)}' is a directory.");
        }

        if (status.Type != FileType.Regular)
        {
            throw NotAFile(status.Type, path);
        }
    }

    public static ApiException NotAFile(FileType type, string path) => new(ErrorCodes.NotAFile, $"'{PathText.ToDisplay(path)}' is {NameOf(type)}, not a file.");

    private static string NameOf(FileType type) => type switch
    {
        FileType.Fifo => "a named pipe",
        FileType.Socket => "a socket",
        FileType.Link => "a link",
        _ => "a device",
    };
}

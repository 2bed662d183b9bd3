using System.ComponentModel;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>What the kernel refuses, in the API's words.</summary>
internal static class FileErrorMapper
{
    /// <summary>The failure for a path.</summary>
    /// <param name="failure">What the kernel said.</param>
    /// <param name="path">About which path; null when the failure names it.</param>
    public static ApiException ToApiException(Win32Exception failure, string? path = null)
    {
        string what = path is null ? failure.Message : $"'{PathText.ToDisplay(path)}'";
        return failure.NativeErrorCode switch
        {
            ErrorNumbers.NoEntry => Make(ErrorCodes.PathNotFound, "does not exist"),
            ErrorNumbers.Exists => Make(ErrorCodes.PathExists, "exists already"),
            ErrorNumbers.AccessDenied or ErrorNumbers.NotPermitted => Make(ErrorCodes.PermissionDenied, "is not permitted to the sandbox's user"),
            ErrorNumbers.ReadOnly => Make(ErrorCodes.PermissionDenied, "lies on a read-only file system"),
            ErrorNumbers.NoSpace or ErrorNumbers.QuotaReached or ErrorNumbers.TooBig => Make(ErrorCodes.DiskFull, "does not fit: there is no more room in the sandbox"),
            ErrorNumbers.NotDirectory => Make(ErrorCodes.NotADirectory, "is, or lies below, something that is no directory"),
            ErrorNumbers.IsDirectory => Make(ErrorCodes.IsADirectory, "is a directory"),
            ErrorNumbers.NotEmpty => Make(ErrorCodes.DirectoryNotEmpty, "is a directory with something in it"),
            ErrorNumbers.Busy or ErrorNumbers.TextBusy => Make(ErrorCodes.PathBusy, "is in use: a mount point, or a program that runs"),
            ErrorNumbers.NameTooLong => Make(ErrorCodes.NameTooLong, "is longer than a name (255 bytes) or a path (4095 bytes) may be"),
            ErrorNumbers.Loop => Make(ErrorCodes.LinkLoop, "is a link that leads in a circle"),
            ErrorNumbers.NoDevice => Make(ErrorCodes.NotAFile, "is no regular file"),
            ErrorNumbers.Invalid => new ApiException(ErrorCodes.InvalidRequest, $"{what} cannot be done.", failure),
            _ => new ApiException(ErrorCodes.InternalError, $"{what}: {failure.Message}", failure),
        };

        ApiException Make(string code, string predicate) => new(code, path is null ? $"{what}." : $"{what} {predicate}.", failure);
    }

    /// <summary>Refuses what is no regular file, before it is opened: a pipe would be waited for, a device might act.</summary>
    /// <param name="status">What it is.</param>
    /// <param name="path">Where.</param>
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

    /// <summary>The failure for what is neither a file nor a directory.</summary>
    /// <param name="type">What it is.</param>
    /// <param name="path">Where.</param>
    public static ApiException NotAFile(FileType type, string path) => new(ErrorCodes.NotAFile, $"'{PathText.ToDisplay(path)}' is {NameOf(type)}, not a file.");

    private static string NameOf(FileType type) => type switch
    {
        FileType.Fifo => "a named pipe",
        FileType.Socket => "a socket",
        FileType.Link => "a link",
        _ => "a device",
    };
}

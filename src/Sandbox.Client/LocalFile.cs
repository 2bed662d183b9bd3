using System.Formats.Tar;
using System.Security.Cryptography;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Local files that are copied to or from a sandbox.</summary>
public static class LocalFile
{
    private const int Piece = 256 * 1024;
    private const UnixFileMode Permissions = (UnixFileMode)0x1ff; // 0777: no set-id bits, no sticky bit
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The permissions of a new directory, less the umask.</summary>
    internal const UnixFileMode DirectoryMode = Permissions;

    /// <summary>Replaces a file atomically when all bytes were received.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">The bytes; the stream is disposed.</param>
    /// <param name="mode">The permissions, less the umask; null for those of any new file.</param>
    /// <param name="modified">Its time of modification; null for now.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task WriteAsync(string path, Stream source, UnixFileMode? mode, DateTimeOffset? modified, CancellationToken cancellationToken)
    {
        await using (source)
        {
            await ReplaceAsync(path, file => source.CopyToAsync(file, Piece, cancellationToken), mode, temporary =>
            {
                if (modified is { } time)
                {
                    File.SetLastWriteTimeUtc(temporary, time.UtcDateTime);
                }
            });
        }
    }

    /// <summary>Replaces a file atomically when it is written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="mode">The permissions, less the umask; null for those of any new file.</param>
    /// <param name="finish">Called with the temporary path before the file is moved into place.</param>
    internal static async Task ReplaceAsync(string path, Func<FileStream, Task> write, UnixFileMode? mode = null, Action<string>? finish = null)
    {
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"The directory '{directory}' does not exist.");
        }

        string temporary = Path.Combine(directory, $".sandbox-{Identifier.Generate()}");
        try
        {
            FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 1 };
            if (mode is { } permissions && !OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = permissions & Permissions;
            }

            await using (FileStream file = new(temporary, options))
            {
                await write(file);
            }

            finish?.Invoke(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>The SHA-256 of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, Piece);
        return await HashAsync(file, cancellationToken);
    }

    /// <summary>The SHA-256 of what a stream holds.</summary>
    /// <param name="content">The stream.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<string> HashAsync(Stream content, CancellationToken cancellationToken) =>
        Convert.ToHexString(await SHA256.HashDataAsync(content, cancellationToken));

    /// <summary>The permissions of a file, octal, as the API has them; null where there are none.</summary>
    /// <param name="file">The file.</param>
    public static string? OctalModeOf(FileInfo file) => OperatingSystem.IsWindows() ? null : Convert.ToString((int)ModeOf(file), 8).PadLeft(4, '0');

    /// <summary>Returns permissions from their octal form; null for anything else.</summary>
    /// <param name="octal">The permissions, as the API has them.</param>
    public static UnixFileMode? ParseMode(string? octal) =>
        octal is { Length: > 0 and <= 4 } && octal.All(digit => digit is >= '0' and <= '7') ? (UnixFileMode)Convert.ToInt32(octal, 8) : null;

    /// <summary>The permissions of a file or directory; the usual ones where there are none.</summary>
    /// <param name="item">The file or directory.</param>
    internal static UnixFileMode ModeOf(FileSystemInfo item) =>
        !OperatingSystem.IsWindows() ? item.UnixFileMode & Permissions : (UnixFileMode)(item is DirectoryInfo ? 0x1ed /* 0755 */ : 0x1a4 /* 0644 */);

    /// <summary>Creates a directory that its owner can fill.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="mode">The permissions, less the umask. <see cref="RestrictMode"/> completes them.</param>
    internal static void CreateDirectory(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, (mode & Permissions) | Owner);
        }
    }

    /// <summary>Takes permissions away.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="mode">The permissions that it may keep.</param>
    internal static void RestrictMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) & mode);
        }
    }

    /// <summary>Opens a file for sequential reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Receives the progress.</param>
    public static Stream OpenRead(string path, TransferProgress progress) =>
        Count(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1), progress);

    /// <summary>Wraps a stream to count the bytes read.</summary>
    /// <param name="content">The stream; it is disposed with the other.</param>
    /// <param name="progress">Receives the progress.</param>
    public static Stream Count(Stream content, TransferProgress progress) => new CountingStream(content, progress);

    /// <summary>Returns the local name for a name from a sandbox.</summary>
    /// <param name="name">The name, in the form of <see cref="PathText"/>.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.UnsafeName"/>: as a path, the name would lead to another directory.</exception>
    public static string NameOf(string name) => name is "" or "." or ".." || name.IndexOfAny(Path.GetInvalidFileNameChars()) >= 0
        ? throw new ApiException(ErrorCodes.UnsafeName,
            $"The sandbox gave the name '{DisplayText.Clean(PathText.ToDisplay(name))}', which cannot be the name of a file. Nothing was copied.")
        : EscapeBytes(name);

    /// <summary>Returns a path from a sandbox as local text: bytes that are not UTF-8 become <c>%XX</c>.</summary>
    /// <param name="path">The path, in the form of <see cref="PathText"/>.</param>
    public static string EscapeBytes(string path) => PathText.IsText(path) ? path
        : string.Concat(PathText.ToBytes(path).Select(single => single < 0x80 ? ((char)single).ToString() : $"%{single:X2}"));

    /// <summary>Whether a file can be opened without side effects: it is no pipe, socket or device.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public static async Task<bool> IsRegularAsync(FileInfo file, CancellationToken cancellationToken)
    {
        if (file.Length > 0)
        {
            return true;
        }

        // TarEntry is the only API of .NET that tells the file type without opening the file.
        MemoryStream archive = new();
        try
        {
            await using (TarWriter tar = new(archive, leaveOpen: true))
            {
                await tar.WriteEntryAsync(file.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? file.FullName, "file", cancellationToken);
            }

            archive.Position = 0;
            await using TarReader reader = new(archive);
            return (await reader.GetNextEntryAsync(cancellationToken: cancellationToken))?.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

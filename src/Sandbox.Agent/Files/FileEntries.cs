using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>What there is at a path, in the API's form.</summary>
internal static class FileEntries
{
    /// <summary>What there is at a path; null when nothing is.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link is followed.</param>
    public static FileEntry? TryFind(string path, bool follow = false) =>
        FileStatus.TryOf(SandboxPath.Native(path), follow) is { } status ? Make(path, status) : null;

    /// <summary>The form of what was found.</summary>
    /// <param name="path">Where.</param>
    /// <param name="status">What.</param>
    public static FileEntry Make(string path, FileStatus status)
    {
        FileEntry entry = new()
        {
            Path = PathText.ToDisplay(path),
            RawPath = PathText.IsText(path) ? null : PathText.Escape(path),
            Type = KindOf(status.Type),
            Size = status.Size,
            Mode = Octal(status.Permissions),
            ModifiedAt = status.ModifiedAt,
            Owner = status.Owner,
        };
        return status.Type == FileType.Link ? WithTarget(entry, path) : entry;
    }

    /// <summary>Permissions as the API writes them.</summary>
    /// <param name="permissions">The permissions.</param>
    public static string Octal(UnixFileMode permissions) => Convert.ToString((int)permissions, 8).PadLeft(4, '0');

    private static FileEntry WithTarget(FileEntry entry, string path)
    {
        LinuxPath native = SandboxPath.Native(path);
        try
        {
            return entry with
            {
                Target = FileSystem.ReadLink(native).ToString(),
                TargetType = FileStatus.TryOf(native, follow: true) is { } status ? KindOf(status.Type) : null,
            };
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // In a circle, into what we may not see, or gone meanwhile: it leads nowhere.
            return entry;
        }
    }

    private static FileKind KindOf(FileType type) => type switch
    {
        FileType.Regular => FileKind.File,
        FileType.Directory => FileKind.Directory,
        FileType.Link => FileKind.Link,
        FileType.Fifo => FileKind.Fifo,
        FileType.Socket => FileKind.Socket,
        _ => FileKind.Device,
    };
}

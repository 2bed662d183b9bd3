using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>Entries of directories in the form of the API.</summary>
internal static class FileEntries
{
    /// <summary>Gets the entry of a path; null when there is nothing.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    public static FileEntry? TryFind(string path, bool follow = false) =>
        FileStatus.TryOf(SandboxPath.Native(path), follow) is { } status ? Make(path, status) : null;

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
            // A link loop, a forbidden or a vanished target: the link is broken.
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

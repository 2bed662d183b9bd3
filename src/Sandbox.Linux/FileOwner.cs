using System.Text;

namespace Sandbox.Linux;

/// <summary>Who owns a file, and giving it away.</summary>
public static class FileOwner
{
    /// <summary>Type, permissions and owner of a file; a link is not followed. See statx(2).</summary>
    /// <param name="path">The file.</param>
    public static FileFacts Of(string path)
    {
        FileStatus status = FileStatus.Of(new LinuxPath(Encoding.UTF8.GetBytes(path)), follow: false);
        return new FileFacts(status.Owner, status.Group, status.Type == FileType.Directory, status.Permissions);
    }

    /// <summary>Gives a file to a user and the group of the same number.</summary>
    /// <param name="path">The file.</param>
    /// <param name="owner">The user.</param>
    public static void Give(string path, uint owner) => LibC.Check(LibC.chown(path, owner, owner), path);

    /// <summary>Gives a file of this user to a group.</summary>
    /// <param name="path">The file.</param>
    /// <param name="group">The group.</param>
    public static void GiveToGroup(string path, uint group) => LibC.Check(LibC.chown(path, CurrentProcess.EffectiveUserId, group), path);
}

/// <summary>What <see cref="FileOwner.Of"/> found.</summary>
/// <param name="Owner">The user.</param>
/// <param name="Group">The group.</param>
/// <param name="IsDirectory">Whether it is a directory, and no link to one.</param>
/// <param name="Permissions">Its permissions.</param>
public readonly record struct FileFacts(uint Owner, uint Group, bool IsDirectory, UnixFileMode Permissions);

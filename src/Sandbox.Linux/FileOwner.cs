namespace Sandbox.Linux;

/// <summary>Who owns a file, and giving it away.</summary>
public static unsafe class FileOwner
{
    private const int CurrentDirectory = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStats = 0x7ff;

    /// <summary>Type, permissions and owner of a file; a link is not followed. See statx(2).</summary>
    /// <param name="path">The file.</param>
    public static FileFacts Of(string path)
    {
        byte* result = stackalloc byte[256];
        LibC.Check(LibC.statx(CurrentDirectory, path, NoFollow, BasicStats, result), path);
        const int uidOffset = 20, modeOffset = 28, typeMask = 0xf000, directory = 0x4000;
        ushort mode = *(ushort*)(result + modeOffset);
        return new FileFacts(*(uint*)(result + uidOffset), (mode & typeMask) == directory, (UnixFileMode)(mode & 0xfff));
    }

    /// <summary>Gives a file to a user and the group of the same number.</summary>
    /// <param name="path">The file.</param>
    /// <param name="owner">The user.</param>
    public static void Give(string path, uint owner) => LibC.Check(LibC.chown(path, owner, owner), path);
}

/// <summary>What <see cref="FileOwner.Of"/> found.</summary>
/// <param name="Owner">The user.</param>
/// <param name="IsDirectory">Whether it is a directory, and no link to one.</param>
/// <param name="Permissions">Its permissions.</param>
public readonly record struct FileFacts(uint Owner, bool IsDirectory, UnixFileMode Permissions);

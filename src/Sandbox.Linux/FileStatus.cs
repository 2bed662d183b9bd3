using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>What the kernel knows of a file. See statx(2).</summary>
public readonly unsafe struct FileStatus
{
    private const int StructureSize = 256;
    private const int TypeMask = 0xf000;
    private static readonly byte[] Nothing = [0];

    private FileStatus(byte* result)
    {
        Links = *(uint*)(result + 16);
        Owner = *(uint*)(result + 20);
        Group = *(uint*)(result + 24);
        ushort mode = *(ushort*)(result + 28);
        Type = (FileType)(mode & TypeMask);
        Permissions = (UnixFileMode)(mode & ~TypeMask);
        Inode = *(ulong*)(result + 32);
        Size = *(long*)(result + 40);
        ChangedNanoseconds = Nanoseconds(result + 96);
        ModifiedNanoseconds = Nanoseconds(result + 112);
        Device = *(ulong*)(result + 136);
    }

    /// <summary>What it is.</summary>
    public FileType Type { get; }

    /// <summary>Its permissions.</summary>
    public UnixFileMode Permissions { get; }

    /// <summary>Its owner.</summary>
    public uint Owner { get; }

    /// <summary>The group that it belongs to.</summary>
    public uint Group { get; }

    /// <summary>How many names it has.</summary>
    public uint Links { get; }

    /// <summary>How many bytes it holds.</summary>
    public long Size { get; }

    /// <summary>Its number on its file system.</summary>
    public ulong Inode { get; }

    /// <summary>Its file system.</summary>
    public ulong Device { get; }

    /// <summary>When its content changed, in nanoseconds since 1970.</summary>
    public long ModifiedNanoseconds { get; }

    /// <summary>When anything about it changed, in nanoseconds since 1970.</summary>
    public long ChangedNanoseconds { get; }

    /// <summary>When its content changed.</summary>
    public DateTimeOffset ModifiedAt => DateTimeOffset.UnixEpoch.AddTicks(ModifiedNanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>Looks at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link is followed.</param>
    public static FileStatus Of(LinuxPath path, bool follow) =>
        TryGet(LibC.AT_FDCWD, path.Terminated, follow ? 0 : LibC.AT_SYMLINK_NOFOLLOW, out int error) ?? throw LibC.Failure(error, path.ToString());

    /// <summary>Looks at a path; null when there is nothing, or a link that leads nowhere is to be followed.</summary>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link is followed.</param>
    public static FileStatus? TryOf(LinuxPath path, bool follow) =>
        TryGet(LibC.AT_FDCWD, path.Terminated, follow ? 0 : LibC.AT_SYMLINK_NOFOLLOW, out int error) is { } status ? status
            : error == LibC.ENOENT ? null : throw LibC.Failure(error, path.ToString());

    /// <summary>Looks at an open file.</summary>
    /// <param name="file">The file.</param>
    public static FileStatus Of(FileDescriptor file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return TryGet(file.Number, Nothing, LibC.AT_EMPTY_PATH, out int error) ?? throw LibC.Failure(error, "descriptor");
    }

    internal static FileStatus? TryGet(int directory, byte[] path, int flags, out int error)
    {
        byte* result = stackalloc byte[StructureSize];
        bool isThere = LibC.statx(directory, path, flags, LibC.STATX_BASIC_STATS, result) == 0;
        error = isThere ? 0 : Marshal.GetLastPInvokeError();
        return isThere ? new FileStatus(result) : null;
    }

    private static long Nanoseconds(byte* time) => (*(long*)time * 1_000_000_000) + *(uint*)(time + sizeof(long));
}

/// <summary>What a path can lead to, as the mode of statx(2) has it.</summary>
public enum FileType
{
    /// <summary>A named pipe.</summary>
    Fifo = 0x1000,

    /// <summary>A character device.</summary>
    CharacterDevice = 0x2000,

    /// <summary>A directory.</summary>
    Directory = 0x4000,

    /// <summary>A block device.</summary>
    BlockDevice = 0x6000,

    /// <summary>A regular file.</summary>
    Regular = 0x8000,

    /// <summary>A symbolic link.</summary>
    Link = 0xa000,

    /// <summary>A socket.</summary>
    Socket = 0xc000,
}

using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Linux;

/// <summary>The status of a file. See statx(2).</summary>
public readonly unsafe struct FileStatus
{
    private const int StructureSize = 256;
    private const int BlockSize = 512;
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
        AllocatedSize = *(long*)(result + 48) * BlockSize;
        ChangedNanoseconds = Nanoseconds(result + 96);
        ModifiedNanoseconds = Nanoseconds(result + 112);
        Device = *(ulong*)(result + 136);
    }

    public FileType Type { get; }

    public UnixFileMode Permissions { get; }

    public uint Owner { get; }

    public uint Group { get; }

    /// <summary>Gets the number of hard links.</summary>
    public uint Links { get; }

    public long Size { get; }

    /// <summary>Gets the bytes that it occupies: fewer than its size when it has holes.</summary>
    public long AllocatedSize { get; }

    public ulong Inode { get; }

    public ulong Device { get; }

    /// <summary>Gets the modification time in nanoseconds since 1970.</summary>
    public long ModifiedNanoseconds { get; }

    /// <summary>Gets the time of the last change of content or metadata, in nanoseconds since 1970.</summary>
    public long ChangedNanoseconds { get; }

    public DateTimeOffset ModifiedAt => DateTimeOffset.UnixEpoch.AddTicks(ModifiedNanoseconds / TimeSpan.NanosecondsPerTick);

    /// <summary>Gets the status of a path; a link is not followed.</summary>
    public static FileStatus Of(string path) => Of(new LinuxPath(Encoding.UTF8.GetBytes(path)), follow: false);

    public static FileStatus Of(LinuxPath path, bool follow) =>
        TryGet(LibC.AT_FDCWD, path.Terminated, follow ? 0 : LibC.AT_SYMLINK_NOFOLLOW, out int error) ?? throw LibC.Failure(error, path.ToString());

    /// <summary>Gets the status of a path; null when it does not exist, or is a broken link to be followed.</summary>
    public static FileStatus? TryOf(LinuxPath path, bool follow) =>
        TryGet(LibC.AT_FDCWD, path.Terminated, follow ? 0 : LibC.AT_SYMLINK_NOFOLLOW, out int error) is { } status ? status
            : error == Errno.ENOENT ? null : throw LibC.Failure(error, path.ToString());

    public static FileStatus Of(FileDescriptor file)
    {
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

/// <summary>File types, as in the mode of statx(2).</summary>
public enum FileType
{
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Link = 0xa000,
    Socket = 0xc000,
}

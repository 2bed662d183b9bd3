using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Linux;

/// <summary>Operations on files by paths that need not be text. Errors are a <see cref="Win32Exception"/> with an <see cref="Errno"/>.</summary>
public static unsafe class FileSystem
{
    /// <summary>The descriptors of this process.</summary>
    internal const string OwnDescriptors = "/proc/self/fd";

    private const int LongestPath = 4096;
    private const nint CopyAtOnce = 16 << 20;

    /// <summary>Creates a directory; the umask applies to its permissions.</summary>
    public static void MakeDirectory(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.mkdirat(LibC.AT_FDCWD, path.Terminated, (uint)permissions), path.ToString());

    /// <summary>Creates a FIFO; the umask applies to its permissions.</summary>
    public static void MakeFifo(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.mkfifoat(LibC.AT_FDCWD, path.Terminated, (uint)permissions), path.ToString());

    public static void MakeLink(LinuxPath path, LinuxPath target) =>
        LibC.Check(LibC.symlinkat(target.Terminated, LibC.AT_FDCWD, path.Terminated), path.ToString());

    /// <summary>Adds a name to a file; a link is not followed.</summary>
    public static void MakeHardLink(LinuxPath path, LinuxPath existing) =>
        LibC.Check(LibC.linkat(LibC.AT_FDCWD, existing.Terminated, LibC.AT_FDCWD, path.Terminated, 0), path.ToString());

    /// <summary>Gives a name to a file without one; false when the name is taken.</summary>
    public static bool TryGiveName(FileDescriptor file, LinuxPath path)
    {
        byte[] from = Encoding.UTF8.GetBytes($"{OwnDescriptors}/{file.Number}\0");
        if (LibC.linkat(LibC.AT_FDCWD, from, LibC.AT_FDCWD, path.Terminated, LibC.AT_SYMLINK_FOLLOW) == 0)
        {
            return true;
        }

        int error = Marshal.GetLastPInvokeError();
        return error == Errno.EEXIST ? false : throw LibC.Failure(error, path.ToString());
    }

    /// <summary>Returns the target of a symbolic link.</summary>
    public static LinuxPath ReadLink(LinuxPath path)
    {
        byte* buffer = stackalloc byte[LongestPath];
        int length = LibC.Check((int)LibC.readlinkat(LibC.AT_FDCWD, path.Terminated, buffer, LongestPath), path.ToString());
        return new LinuxPath(new ReadOnlySpan<byte>(buffer, length));
    }

    /// <summary>Returns the path of an existing file with all links resolved.</summary>
    public static LinuxPath Resolve(LinuxPath path)
    {
        byte* buffer = stackalloc byte[LongestPath];
        return LibC.realpath(path.Terminated, buffer) is not null
            ? new LinuxPath(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer))
            : throw LibC.Failure(Marshal.GetLastPInvokeError(), path.ToString());
    }

    /// <summary>Moves a file or directory within its file system. Can replace a file or an empty directory.</summary>
    public static void Rename(LinuxPath from, LinuxPath to, bool replace) =>
        LibC.Check(LibC.renameat2(LibC.AT_FDCWD, from.Terminated, LibC.AT_FDCWD, to.Terminated, replace ? 0 : LibC.RENAME_NOREPLACE), to.ToString());

    /// <summary>Removes a file or link.</summary>
    public static void RemoveFile(LinuxPath path) => LibC.Check(LibC.unlinkat(LibC.AT_FDCWD, path.Terminated, 0), path.ToString());

    /// <summary>Removes an empty directory.</summary>
    public static void RemoveDirectory(LinuxPath path) => LibC.Check(LibC.unlinkat(LibC.AT_FDCWD, path.Terminated, LibC.AT_REMOVEDIR), path.ToString());

    /// <summary>Returns whether this user can write to a file or create entries in a directory.</summary>
    public static bool IsWritable(LinuxPath path) => LibC.faccessat(LibC.AT_FDCWD, path.Terminated, LibC.W_OK, LibC.AT_EACCESS) == 0;

    /// <summary>Throws for a file that this user cannot read.</summary>
    public static void RequireReadable(LinuxPath path) =>
        LibC.Check(LibC.faccessat(LibC.AT_FDCWD, path.Terminated, LibC.R_OK, LibC.AT_EACCESS), path.ToString());

    /// <summary>Sets permissions; the umask does not apply, and a link is followed.</summary>
    public static void SetPermissions(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.fchmodat(LibC.AT_FDCWD, path.Terminated, (uint)permissions, 0), path.ToString());

    public static void SetPermissions(FileDescriptor file, UnixFileMode permissions) => LibC.Check(LibC.fchmod(file.Number, (uint)permissions), "chmod");

    /// <summary>Sets the modification time; a link is not followed.</summary>
    public static void SetModified(LinuxPath path, DateTimeOffset modified)
    {
        long* times = stackalloc long[4];
        Fill(times, modified);
        LibC.Check(LibC.utimensat(LibC.AT_FDCWD, path.Terminated, times, LibC.AT_SYMLINK_NOFOLLOW), path.ToString());
    }

    public static void SetModified(FileDescriptor file, DateTimeOffset modified)
    {
        long* times = stackalloc long[4];
        Fill(times, modified);
        LibC.Check(LibC.futimens(file.Number, times), "utime");
    }

    /// <summary>Copies bytes between open files in the kernel, from their current positions. Returns their number, 0 at the end, or null when the kernel does
    /// not support it for these files.</summary>
    public static long? Copy(FileDescriptor from, FileDescriptor to)
    {
        nint count = LibC.copy_file_range(from.Number, null, to.Number, null, CopyAtOnce, 0);
        return count >= 0 ? count
            : Marshal.GetLastPInvokeError() is var error && error is Errno.EXDEV or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP ? null
            : throw LibC.Failure(error, "copy");
    }

    /// <summary>Gives a file to a user and the group of the same number.</summary>
    public static void SetOwner(string path, uint owner) => LibC.Check(LibC.chown(path, owner, owner), path);

    /// <summary>Gives a file to a group and keeps its owner.</summary>
    public static void SetGroup(string path, uint group) => LibC.Check(LibC.chown(path, uint.MaxValue, group), path);

    /// <summary>Creates a character device, which only root may. The umask does not apply to its permissions.</summary>
    public static void MakeDevice(string path, byte major, byte minor, UnixFileMode permissions)
    {
        const uint characterDevice = 0x2000;
        LibC.Check(LibC.mknod(path, characterDevice, ((ulong)major << 8) | minor), path);
        SetPermissions(new LinuxPath(Encoding.UTF8.GetBytes(path)), permissions);
    }

    private static void Fill(long* times, DateTimeOffset modified)
    {
        long ticks = (modified - DateTimeOffset.UnixEpoch).Ticks;
        times[0] = 0;
        times[1] = LibC.UTIME_OMIT;
        times[2] = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out long rest) - (rest < 0 ? 1 : 0);
        times[3] = (rest < 0 ? rest + TimeSpan.TicksPerSecond : rest) * TimeSpan.NanosecondsPerTick;
    }
}

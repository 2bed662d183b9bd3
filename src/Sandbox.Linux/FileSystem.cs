using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Files by paths that need not be text. Every failure is a <see cref="Win32Exception"/> with one of <see cref="ErrorNumbers"/>.</summary>
public static unsafe class FileSystem
{
    private const int LongestPath = 4096;
    private const nint CopyAtOnce = 16 << 20;

    /// <summary>Makes a directory.</summary>
    /// <param name="path">Where.</param>
    /// <param name="permissions">Its permissions, less what the process's mask takes away.</param>
    public static void MakeDirectory(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.mkdirat(LibC.AT_FDCWD, path.Terminated, (uint)permissions), path.ToString());

    /// <summary>Makes a named pipe.</summary>
    /// <inheritdoc cref="MakeDirectory"/>
    public static void MakeFifo(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.mkfifoat(LibC.AT_FDCWD, path.Terminated, (uint)permissions), path.ToString());

    /// <summary>Makes a symbolic link.</summary>
    /// <param name="path">Where.</param>
    /// <param name="target">What it says.</param>
    public static void MakeLink(LinuxPath path, LinuxPath target) =>
        LibC.Check(LibC.symlinkat(target.Terminated, LibC.AT_FDCWD, path.Terminated), path.ToString());

    /// <summary>Gives a file one more name.</summary>
    /// <param name="path">The new name.</param>
    /// <param name="existing">The file; a link is not followed.</param>
    public static void MakeHardLink(LinuxPath path, LinuxPath existing) =>
        LibC.Check(LibC.linkat(LibC.AT_FDCWD, existing.Terminated, LibC.AT_FDCWD, path.Terminated, 0), path.ToString());

    /// <summary>What a symbolic link says.</summary>
    /// <param name="path">The link.</param>
    public static LinuxPath ReadLink(LinuxPath path)
    {
        byte* buffer = stackalloc byte[LongestPath];
        int length = LibC.Check((int)LibC.readlinkat(LibC.AT_FDCWD, path.Terminated, buffer, LongestPath), path.ToString());
        return new LinuxPath(new ReadOnlySpan<byte>(buffer, length));
    }

    /// <summary>The path with all links followed.</summary>
    /// <param name="path">What exists.</param>
    public static LinuxPath Resolve(LinuxPath path)
    {
        byte* buffer = stackalloc byte[LongestPath];
        return LibC.realpath(path.Terminated, buffer) is not null
            ? new LinuxPath(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer))
            : throw LibC.Failure(Marshal.GetLastPInvokeError(), path.ToString());
    }

    /// <summary>Moves a file or directory within its file system.</summary>
    /// <param name="from">What.</param>
    /// <param name="to">Its new path.</param>
    /// <param name="replace">Whether it takes the place of a file or an empty directory that is there.</param>
    public static void Rename(LinuxPath from, LinuxPath to, bool replace) =>
        LibC.Check(LibC.renameat2(LibC.AT_FDCWD, from.Terminated, LibC.AT_FDCWD, to.Terminated, replace ? 0 : LibC.RENAME_NOREPLACE), to.ToString());

    /// <summary>Removes a file or a link.</summary>
    /// <param name="path">What.</param>
    public static void RemoveFile(LinuxPath path) => LibC.Check(LibC.unlinkat(LibC.AT_FDCWD, path.Terminated, 0), path.ToString());

    /// <summary>Removes an empty directory.</summary>
    /// <param name="path">What.</param>
    public static void RemoveDirectory(LinuxPath path) => LibC.Check(LibC.unlinkat(LibC.AT_FDCWD, path.Terminated, LibC.AT_REMOVEDIR), path.ToString());

    /// <summary>Whether this user may write to a file or make entries in a directory.</summary>
    /// <param name="path">What.</param>
    public static bool IsWritable(LinuxPath path) => LibC.faccessat(LibC.AT_FDCWD, path.Terminated, LibC.W_OK, LibC.AT_EACCESS) == 0;

    /// <summary>Refuses what this user may not read.</summary>
    /// <param name="path">What.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It may not be read, or is not there.</exception>
    public static void RequireReadable(LinuxPath path) => LibC.Check(LibC.faccessat(LibC.AT_FDCWD, path.Terminated, LibC.R_OK, LibC.AT_EACCESS), path.ToString());

    /// <summary>Sets permissions, whatever the process's mask.</summary>
    /// <param name="path">What; a link is followed.</param>
    /// <param name="permissions">The permissions.</param>
    public static void SetPermissions(LinuxPath path, UnixFileMode permissions) =>
        LibC.Check(LibC.fchmodat(LibC.AT_FDCWD, path.Terminated, (uint)permissions, 0), path.ToString());

    /// <summary>Sets permissions, whatever the process's mask.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="permissions">The permissions.</param>
    public static void SetPermissions(FileDescriptor file, UnixFileMode permissions)
    {
        ArgumentNullException.ThrowIfNull(file);
        LibC.Check(LibC.fchmod(file.Number, (uint)permissions), "chmod");
    }

    /// <summary>Sets when the content changed.</summary>
    /// <param name="path">What; a link is not followed.</param>
    /// <param name="modified">When.</param>
    public static void SetModified(LinuxPath path, DateTimeOffset modified)
    {
        long* times = stackalloc long[4];
        Fill(times, modified);
        LibC.Check(LibC.utimensat(LibC.AT_FDCWD, path.Terminated, times, LibC.AT_SYMLINK_NOFOLLOW), path.ToString());
    }

    /// <summary>Sets when the content changed.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="modified">When.</param>
    public static void SetModified(FileDescriptor file, DateTimeOffset modified)
    {
        ArgumentNullException.ThrowIfNull(file);
        long* times = stackalloc long[4];
        Fill(times, modified);
        LibC.Check(LibC.futimens(file.Number, times), "utime");
    }

    /// <summary>Copies bytes from one open file to another, in the kernel, from where both stand.</summary>
    /// <param name="from">The file read.</param>
    /// <param name="to">The file written.</param>
    /// <returns>How many bytes were copied; 0 at the end. Null where the kernel cannot do it for these two.</returns>
    public static long? Copy(FileDescriptor from, FileDescriptor to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        nint count = LibC.copy_file_range(from.Number, null, to.Number, null, CopyAtOnce, 0);
        return count >= 0 ? count
            : Marshal.GetLastPInvokeError() is var error && error is ErrorNumbers.CrossDevice or ErrorNumbers.Invalid or 38 /* ENOSYS */ or 95 /* EOPNOTSUPP */ ? null
            : throw LibC.Failure(error, "copy");
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

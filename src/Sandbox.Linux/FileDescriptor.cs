using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sandbox.Linux;

/// <summary>A file descriptor. Children do not inherit it, except a <see cref="ChildProcess"/> that is given it.</summary>
public sealed unsafe class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private FileDescriptor(int number)
        : base(ownsHandle: true) => SetHandle(number);

    /// <summary>Gets the number, which this object keeps owning.</summary>
    public int Number => (int)handle;

    /// <summary>Takes ownership of a descriptor that this process was started with.</summary>
    public static FileDescriptor Inherited(int number)
    {
        LibC.Check(LibC.fcntl(number, LibC.F_SETFD, LibC.FD_CLOEXEC), $"descriptor {number}");
        return new FileDescriptor(number);
    }

    /// <summary>Duplicates a descriptor that another object owns.</summary>
    public static FileDescriptor Duplicate(SafeHandle owner)
    {
        bool held = false;
        try
        {
            owner.DangerousAddRef(ref held);
            return new FileDescriptor(LibC.Check(LibC.fcntl((int)owner.DangerousGetHandle(), LibC.F_DUPFD_CLOEXEC, 0), "dup"));
        }
        finally
        {
            if (held)
            {
                owner.DangerousRelease();
            }
        }
    }

    /// <summary>Opens <c>/dev/null</c> for writing.</summary>
    public static FileDescriptor OpenNull() => OpenToWrite("/dev/null");

    /// <summary>Opens or creates a log for appending, which only this user can read.</summary>
    public static FileDescriptor OpenLog(string path) => new(LibC.Check(
        LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC, 0x180 /* 0600 */), path));

    /// <summary>Creates a pipe.</summary>
    public static void CreatePipe(out FileDescriptor read, out FileDescriptor write, bool nonBlockingRead = false)
    {
        int* ends = stackalloc int[2];
        LibC.Check(LibC.pipe2(ends, LibC.O_CLOEXEC), "pipe");
        read = new FileDescriptor(ends[0]);
        write = new FileDescriptor(ends[1]);
        if (nonBlockingRead)
        {
            const int setStatusFlags = 4;
            LibC.Check(LibC.fcntl(ends[0], setStatusFlags, LibC.O_NONBLOCK), "pipe");
        }
    }

    /// <summary>Creates a FIFO for this user and opens both ends, so that its end comes only after the last writer, including this one, has closed it. Reading
    /// does not block.</summary>
    public static void CreateFifo(string path, int capacity, out FileDescriptor read, out FileDescriptor write)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        read = Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK);
        write = Open(path, LibC.O_WRONLY);
        _ = LibC.fcntl(read.Number, LibC.F_SETPIPE_SZ, capacity);
    }

    /// <summary>Opens an existing file for writing. Blocks on a FIFO without a reader.</summary>
    public static FileDescriptor OpenToWrite(string path) => Open(path, LibC.O_WRONLY);

    /// <summary>Opens an existing file for reading. Blocks on a FIFO without a writer.</summary>
    public static FileDescriptor OpenToRead(string path) => Open(path, LibC.O_RDONLY);

    /// <summary>Creates a FIFO for this user to write to. It is also opened for reading, so that writing does not fail without a reader; readers see the end
    /// when it is closed.</summary>
    public static FileDescriptor CreateFifoToWrite(string path)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        return Open(path, LibC.O_RDWR | LibC.O_NONBLOCK);
    }

    /// <summary>Creates a FIFO for this user and opens it for reading without waiting for a writer.</summary>
    public static FileDescriptor CreateFifoToRead(string path)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        return Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK);
    }

    /// <summary>Opens an existing file for reading; a link is followed. Never blocks.</summary>
    public static FileDescriptor OpenToRead(LinuxPath path) => Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY, 0);

    /// <summary>Opens or creates a file for appending; a link is followed. Never blocks. The umask applies to the permissions.</summary>
    public static FileDescriptor OpenToAppend(LinuxPath path, UnixFileMode permissions) =>
        Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_NONBLOCK | LibC.O_NOCTTY, permissions);

    /// <summary>Creates a file for writing; fails when the path exists, also as a link. The umask applies to the permissions.</summary>
    public static FileDescriptor CreateNew(LinuxPath path, UnixFileMode permissions) =>
        Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW, permissions);

    /// <summary>Creates a file without a name for writing, see <see cref="FileSystem.TryGiveName"/>; null where that is not supported. The umask applies to the
    /// permissions.</summary>
    public static FileDescriptor? TryCreateUnnamed(LinuxPath directory, UnixFileMode permissions)
    {
        // Without /proc it could not get a name.
        if (!Directory.Exists(FileSystem.OwnDescriptors))
        {
            return null;
        }

        int number = LibC.openat(LibC.AT_FDCWD, directory.Terminated, LibC.O_TMPFILE | LibC.O_WRONLY | LibC.O_CLOEXEC, (uint)permissions);
        return number >= 0 ? new FileDescriptor(number)
            : Marshal.GetLastPInvokeError() is var error && error is Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL ? null
            : throw LibC.Failure(error, directory.ToString());
    }

    /// <summary>Returns the next position from an offset on that has data, or, without such, that is in a hole; null when there is none.</summary>
    public long? Find(long offset, bool data)
    {
        long found = LibC.lseek(Number, offset, data ? LibC.SEEK_DATA : LibC.SEEK_HOLE);
        return found >= 0 ? found
            : Marshal.GetLastPInvokeError() is var error && error == Errno.ENXIO ? null
            : throw LibC.Failure(error, "seek");
    }

    /// <summary>Sets the position from the beginning of the file.</summary>
    public void Seek(long offset)
    {
        if (LibC.lseek(Number, offset, LibC.SEEK_SET) < 0)
        {
            throw LibC.Failure(Marshal.GetLastPInvokeError(), "seek");
        }
    }

    public void Truncate(long length) => LibC.Check(LibC.ftruncate(Number, length), "truncate");

    /// <summary>Writes without blocking and returns the number of bytes written; 0 when there is no room.</summary>
    public int Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            while (true)
            {
                nint count = LibC.write(Number, start, bytes.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == Errno.EAGAIN)
                {
                    return 0;
                }

                if (error != Errno.EINTR)
                {
                    throw LibC.Failure(error, "write");
                }
            }
        }
    }

    /// <summary>Returns the number of bytes read; 0 at the end; -1 when there are none yet.</summary>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = LibC.read(Number, start, buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                int error = Marshal.GetLastPInvokeError();
                if (error == Errno.EAGAIN)
                {
                    return -1;
                }

                if (error != Errno.EINTR)
                {
                    throw LibC.Failure(error, "read");
                }
            }
        }
    }

    /// <summary>Writes all bytes and blocks while the reader is slow.</summary>
    public void WriteAll(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                nint count = LibC.write(Number, start + done, bytes.Length - done);
                if (count >= 0)
                {
                    done += (int)count;
                }
                else if (Marshal.GetLastPInvokeError() is var error and not Errno.EINTR)
                {
                    throw LibC.Failure(error, "write");
                }
            }
        }
    }

    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    internal static FileDescriptor Adopt(int number) => new(number);

    internal static FileDescriptor Open(string path, int flags) =>
        new(LibC.Check(LibC.open(path, flags | LibC.O_CLOEXEC, 0), path));

    private static FileDescriptor Open(LinuxPath path, int flags, UnixFileMode permissions) => new(
        LibC.Check(LibC.openat(LibC.AT_FDCWD, path.Terminated, flags | LibC.O_CLOEXEC, (uint)permissions), path.ToString()));
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sandbox.Linux;

/// <summary>An open file descriptor that is closed with its owner and never inherited unless a <see cref="ChildProcess"/> is given it.</summary>
public sealed unsafe class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private FileDescriptor(int number)
        : base(ownsHandle: true) => SetHandle(number);

    /// <summary>The number, for logs and for handing to a framework that takes numbers. It stays this object's.</summary>
    public int Number => (int)handle;

    /// <summary>Takes over a descriptor that this process was started with, and stops its children from inheriting it.</summary>
    /// <param name="number">The descriptor's number.</param>
    public static FileDescriptor Inherited(int number)
    {
        LibC.Check(LibC.fcntl(number, LibC.F_SETFD, LibC.FD_CLOEXEC), $"descriptor {number}");
        return new FileDescriptor(number);
    }

    /// <summary>A copy of a descriptor that another object owns.</summary>
    /// <param name="owner">The owner, such as a socket's handle.</param>
    public static FileDescriptor Duplicate(SafeHandle owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
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

    /// <summary>Opens a log, made when missing, which only this user may read. All that is written goes to its end, whoever else writes.</summary>
    /// <param name="path">The file.</param>
    public static FileDescriptor OpenLog(string path) => new(LibC.Check(
        LibC.open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_CLOEXEC, 0x180 /* 0600 */), path));

    /// <summary>Makes a pipe.</summary>
    /// <param name="read">The end to read from.</param>
    /// <param name="write">The end to write to.</param>
    /// <param name="nonBlockingRead">Whether reading returns at once when there is nothing.</param>
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

    /// <summary>Makes a named pipe and opens both of its ends: so there is no end of file before the last writer, ours included, has closed.</summary>
    /// <param name="path">Where; only this user may open it.</param>
    /// <param name="capacity">How many bytes it holds; the kernel's default where it refuses.</param>
    /// <param name="read">The end to read from, without blocking.</param>
    /// <param name="write">Our own writing end, which keeps the pipe open.</param>
    public static void CreateFifo(string path, int capacity, out FileDescriptor read, out FileDescriptor write)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        read = Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK);
        write = Open(path, LibC.O_WRONLY);
        _ = LibC.fcntl(read.Number, LibC.F_SETPIPE_SZ, capacity);
    }

    /// <summary>Opens an existing file for writing; a named pipe must have a reader.</summary>
    /// <param name="path">The file.</param>
    public static FileDescriptor OpenToWrite(string path) => Open(path, LibC.O_WRONLY);

    /// <summary>Opens an existing file for reading; a named pipe must have a writer, or this waits for one.</summary>
    /// <param name="path">The file.</param>
    public static FileDescriptor OpenToRead(string path) => Open(path, LibC.O_RDONLY);

    /// <summary>Makes a named pipe for others to read from. We hold it as a reader too, so that writing never fails for want of one: whoever reads sees the end when we close it.</summary>
    /// <param name="path">Where; only this user may open it.</param>
    public static FileDescriptor CreateFifoToWrite(string path)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        return Open(path, LibC.O_RDWR | LibC.O_NONBLOCK);
    }

    /// <summary>Makes a named pipe for others to write to, and opens its reading end without waiting for them.</summary>
    /// <param name="path">Where; only this user may open it.</param>
    public static FileDescriptor CreateFifoToRead(string path)
    {
        LibC.Check(LibC.mkfifo(path, 0x180 /* 0600 */), path);
        return Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK);
    }

    /// <summary>Opens an existing file for reading. Nothing is waited for, whatever it is.</summary>
    /// <param name="path">The file; a link is followed.</param>
    public static FileDescriptor OpenToRead(LinuxPath path) => Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY, 0);

    /// <summary>Opens a file for writing, made when missing. All that is written goes to its end. Nothing is waited for, whatever it is.</summary>
    /// <param name="path">The file; a link is followed.</param>
    /// <param name="permissions">The permissions of a new one, less what the process's mask takes away.</param>
    public static FileDescriptor OpenToAppend(LinuxPath path, UnixFileMode permissions) =>
        Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_APPEND | LibC.O_NONBLOCK | LibC.O_NOCTTY, permissions);

    /// <summary>Makes a file that was not there, for writing.</summary>
    /// <param name="path">The file; a link in its place is an error.</param>
    /// <param name="permissions">Its permissions, less what the process's mask takes away.</param>
    public static FileDescriptor CreateNew(LinuxPath path, UnixFileMode permissions) =>
        Open(path, LibC.O_WRONLY | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW, permissions);

    /// <summary>Goes to a place in a file.</summary>
    /// <param name="offset">The place, from the file's beginning.</param>
    public void Seek(long offset)
    {
        if (LibC.lseek(Number, offset, LibC.SEEK_SET) < 0)
        {
            throw LibC.Failure(Marshal.GetLastPInvokeError(), "seek");
        }
    }

    /// <summary>Cuts a file off, or makes it longer.</summary>
    /// <param name="length">Its new length.</param>
    public void Truncate(long length) => LibC.Check(LibC.ftruncate(Number, length), "truncate");

    /// <summary>Writes what there is room for.</summary>
    /// <param name="bytes">What to write.</param>
    /// <returns>How many bytes were taken; 0 when there is no room now.</returns>
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
                if (error == LibC.EAGAIN)
                {
                    return 0;
                }

                if (error != LibC.EINTR)
                {
                    throw LibC.Failure(error, "write");
                }
            }
        }
    }

    /// <summary>Reads what is there.</summary>
    /// <param name="buffer">Where to.</param>
    /// <returns>The number of bytes; 0 at the end; -1 when there is nothing now.</returns>
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
                if (error == LibC.EAGAIN)
                {
                    return -1;
                }

                if (error != LibC.EINTR)
                {
                    throw LibC.Failure(error, "read");
                }
            }
        }
    }

    /// <summary>Writes everything, waiting where the other side is slow.</summary>
    /// <param name="bytes">What to write.</param>
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
                else if (Marshal.GetLastPInvokeError() is var error and not LibC.EINTR)
                {
                    throw LibC.Failure(error, "write");
                }
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.close((int)handle) == 0;

    internal static FileDescriptor Adopt(int number) => new(number);

    internal static FileDescriptor Open(string path, int flags) =>
        new(LibC.Check(LibC.open(path, flags | LibC.O_CLOEXEC, 0), path));

    private static FileDescriptor Open(LinuxPath path, int flags, UnixFileMode permissions) => new(
        LibC.Check(LibC.openat(LibC.AT_FDCWD, path.Terminated, flags | LibC.O_CLOEXEC, (uint)permissions), path.ToString()));
}

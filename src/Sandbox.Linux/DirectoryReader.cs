using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Reads the entries of a directory, unordered, with names as they are stored.</summary>
public sealed unsafe class DirectoryReader : IDisposable
{
    // struct dirent of 64-bit Linux.
    private const int NameOffset = 19;

    private readonly int _number;
    private readonly string _path;
    private nint _stream;
    private byte* _entry;

    private DirectoryReader(int number, string path)
    {
        (_number, _path) = (number, path);
        _stream = LibC.fdopendir(number);
        if (_stream == 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = LibC.close(number);
            throw LibC.Failure(error, path);
        }
    }

    /// <summary>Gets the entry's name, which is valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Name => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(_entry + NameOffset);

    /// <summary>Opens a directory or a link to one.</summary>
    public static DirectoryReader Open(LinuxPath path) => Open(LibC.AT_FDCWD, path.Terminated, path.ToString());

    /// <summary>Moves to the next entry; false at the end.</summary>
    public bool Read()
    {
        while ((_entry = LibC.readdir(_stream)) is not null)
        {
            if (!Name.SequenceEqual("."u8) && !Name.SequenceEqual(".."u8))
            {
                return true;
            }
        }

        return Marshal.GetLastPInvokeError() is var error && error == 0 ? false : throw LibC.Failure(error, _path);
    }

    /// <summary>Gets the status of an entry; null when it no longer exists. A link is not followed.</summary>
    public FileStatus? TryStatus(LinuxPath child) =>
        FileStatus.TryGet(_number, child.Terminated, LibC.AT_SYMLINK_NOFOLLOW, out int error) is { } status ? status
            : error == Errno.ENOENT ? null : throw LibC.Failure(error, child.ToString());

    /// <inheritdoc />
    public void Dispose()
    {
        if (_stream != 0)
        {
            _ = LibC.closedir(_stream);
            _stream = 0;
        }
    }

    internal static DirectoryReader Open(int parent, byte[] name, string path) =>
        new(LibC.Check(LibC.openat(parent, name, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0), path), path);
}

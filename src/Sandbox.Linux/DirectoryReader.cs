using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>The entries of a directory, as they are stored: any names, in no order.</summary>
public sealed unsafe class DirectoryReader : IDisposable
{
    // struct dirent of 64-bit Linux.
    private const int NameOffset = 19;

    private readonly int number;
    private readonly string name;
    private nint stream;
    private byte* entry;

    private DirectoryReader(int number, string name)
    {
        (this.number, this.name) = (number, name);
        stream = LibC.fdopendir(number);
        if (stream == 0)
        {
            int error = Marshal.GetLastPInvokeError();
            _ = LibC.close(number);
            throw LibC.Failure(error, name);
        }
    }

    /// <summary>The entry's name; it is good until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Name => MemoryMarshal.CreateReadOnlySpanFromNullTerminated(entry + NameOffset);

    /// <summary>Opens a directory.</summary>
    /// <param name="path">The directory, or a link to it.</param>
    public static DirectoryReader Open(LinuxPath path) => new(
        LibC.Check(LibC.openat(LibC.AT_FDCWD, path.Terminated, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_CLOEXEC, 0), path.ToString()), path.ToString());

    /// <summary>Goes to the next entry; false when there is none.</summary>
    public bool Read()
    {
        while ((entry = LibC.readdir(stream)) is not null)
        {
            if (!Name.SequenceEqual("."u8) && !Name.SequenceEqual(".."u8))
            {
                return true;
            }
        }

        return Marshal.GetLastPInvokeError() is var error && error == 0 ? false : throw LibC.Failure(error, name);
    }

    /// <summary>Looks at an entry; null when it has gone meanwhile. A link is not followed.</summary>
    /// <param name="child">The entry's name.</param>
    public FileStatus? TryStatus(LinuxPath child) =>
        FileStatus.TryGet(number, child.Terminated, LibC.AT_SYMLINK_NOFOLLOW, out int error) is { } status ? status
            : error == LibC.ENOENT ? null : throw LibC.Failure(error, child.ToString());

    /// <inheritdoc/>
    public void Dispose()
    {
        if (stream != 0)
        {
            _ = LibC.closedir(stream);
            stream = 0;
        }
    }
}

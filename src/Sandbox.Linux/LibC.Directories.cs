using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Directories by descriptor. Names are bytes with a closing zero: a file's name need not be text.</summary>
internal static unsafe partial class LibC
{
    internal const int AT_FDCWD = -100;
    internal const int AT_REMOVEDIR = 0x200;

    // The two that differ between the architectures.
    internal static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    internal static readonly int O_TMPFILE = 0x400000 | O_DIRECTORY;
    internal static readonly int O_NOFOLLOW = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int openat(int directory, byte[] name, int flags, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlinkat(int directory, byte[] name, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmodat(int directory, byte[] name, uint mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int renameat(int fromDirectory, byte[] from, int toDirectory, byte[] to);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint fdopendir(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* readdir(nint stream);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int closedir(nint stream);

    [LibraryImport(Library)]
    internal static partial uint umask(uint mask);
}

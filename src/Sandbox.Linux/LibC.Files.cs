using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Files, links and inotify.</summary>
internal static unsafe partial class LibC
{
    internal const int O_EXCL = 0x80;
    internal const int O_NOCTTY = 0x100;
    internal const int AT_EMPTY_PATH = 0x1000;
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const int AT_SYMLINK_FOLLOW = 0x400;
    internal const int AT_EACCESS = 0x200;
    internal const int W_OK = 2;
    internal const int R_OK = 4;
    internal const int SEEK_SET = 0;
    internal const int SEEK_DATA = 3;
    internal const int SEEK_HOLE = 4;
    internal const uint RENAME_NOREPLACE = 1;
    internal const long UTIME_OMIT = (1L << 30) - 2;
    internal const uint STATX_BASIC_STATS = 0x7ff;
    internal const int IN_NONBLOCK = O_NONBLOCK;
    internal const int IN_CLOEXEC = O_CLOEXEC;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int statx(int directory, byte[] path, int flags, uint mask, byte* result);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mkdirat(int directory, byte[] path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int mkfifoat(int directory, byte[] path, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int symlinkat(byte[] target, int directory, byte[] path);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int linkat(int fromDirectory, byte[] from, int toDirectory, byte[] to, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint readlinkat(int directory, byte[] path, byte* buffer, nint size);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int renameat2(int fromDirectory, byte[] from, int toDirectory, byte[] to, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int faccessat(int directory, byte[] path, int mode, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fchmod(int fd, uint mode);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int utimensat(int directory, byte[] path, long* times, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int futimens(int fd, long* times);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ftruncate(int fd, long length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial long lseek(int fd, long offset, int whence);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint copy_file_range(int from, long* fromOffset, int to, long* toOffset, nint count, uint flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial byte* realpath(byte[] path, byte* buffer);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_init1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_add_watch(int inotify, byte[] path, uint mask);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int inotify_rm_watch(int inotify, int watch);
}

using System.Runtime.InteropServices;

namespace Sandbox.Linux;

/// <summary>Functions and constants of the C library, see their manual pages.</summary>
internal static unsafe partial class LibC
{
    private const string Library = "libc";

    internal const int O_RDONLY = 0;
    internal const int O_WRONLY = 1;
    internal const int O_RDWR = 2;
    internal const int O_CREAT = 0x40;
    internal const int O_APPEND = 0x400;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;
    internal const int O_PATH = 0x200000;

    internal const int F_GETFD = 1;
    internal const int F_SETFD = 2;
    internal const int F_SETPIPE_SZ = 1031;
    internal const int F_DUPFD_CLOEXEC = 1030;
    internal const int FD_CLOEXEC = 1;

    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CTL_DEL = 2;
    internal const int EPOLL_CTL_MOD = 3;
    internal const uint EPOLLIN = 1;
    internal const uint EPOLLOUT = 4;

    internal const int EFD_CLOEXEC = 0x80000;

    internal const nuint TIOCGPGRP = 0x540f;
    internal const nuint TIOCSWINSZ = 0x5414;

    internal const int WNOHANG = 1;

    internal const int RLIMIT_CORE = 4;
    internal const int RLIMIT_NPROC = 6;
    internal const int RLIMIT_NOFILE = 7;
    internal const int RLIMIT_MEMLOCK = 8;
    internal const int RLIMIT_NICE = 13;
    internal const int RLIMIT_RTPRIO = 14;

    internal const int PR_SET_DUMPABLE = 4;
    internal const int PR_SET_CHILD_SUBREAPER = 36;

    internal const int LOCK_EX = 2;
    internal const int LOCK_NB = 4;

    internal const int SIG_SETMASK = 2;

    internal const short POSIX_SPAWN_SETSIGDEF = 0x04;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x08;
    internal const short POSIX_SPAWN_SETSID = 0x80;

    // Larger than the opaque structures of any libc on Linux.
    internal const int SpawnStructureSize = 512;
    internal const int SignalSetSize = 128;
    internal const int SignalActionSize = 256;
    internal const int ResourceUsageSize = 256;

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int close(int fd);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "open")]
    internal static partial int open_raw(byte* path, int flags, uint mode);

    [LibraryImport(Library)]
    internal static partial int dup2(int from, int to);

    [LibraryImport(Library)]
    internal static partial void _exit(int code);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int pipe2(int* fds, int flags);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mkfifo(string path, uint mode);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int fcntl(int fd, int command, int argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int ioctl(int fd, nuint request);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int ioctl_pointer(int fd, nuint request, void* argument);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int posix_openpt(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int grantpt(int fd);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int unlockpt(int fd);

    // Returns the error instead of setting errno.
    [LibraryImport(Library)]
    internal static partial int ptsname_r(int fd, byte* name, nuint length);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int flock(int fd, int operation);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, byte* registration);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int epoll_wait(int epoll, byte* events, int maximum, int timeout);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int kill(int pid, int signal);

    // Wrappers for these came with glibc 2.36; the numbers are the same on every architecture.
    [LibraryImport(Library, SetLastError = true)]
    private static partial nint syscall(nint number, nint a1, nint a2, nint a3, nint a4);

    internal static int pidfd_open(int pid) => (int)syscall(434, pid, 0, 0, 0);

    internal static int landlock_create_ruleset(void* attributes, nint size, uint flags) => (int)syscall(444, (nint)attributes, size, (nint)flags, 0);

    internal static int landlock_restrict_self(int ruleset) => (int)syscall(446, ruleset, 0, 0, 0);

    internal static int close_range(uint first, uint last) => (int)syscall(436, (nint)first, (nint)last, 0, 0);

    // clone(2) with CLONE_PARENT and SIGCHLD: a fork whose child has the caller's parent.
    internal static nint fork_for_parent() => syscall(RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 56 : 220, 0x8000 | 17, 0, 0, 0);

    internal static int pidfd_send_signal(int pidfd, int signal) => (int)syscall(424, pidfd, signal, 0, 0);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int wait4(int pid, int* status, int options, long* usage);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int prctl(int option, nuint a2, nuint a3, nuint a4, nuint a5);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int getrlimit(int resource, ulong* limits);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setrlimit(int resource, ulong* limits);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int setsid();

    [LibraryImport(Library)]
    internal static partial nint signal(int number, nint handler);

    // The handler is the structure's first field.
    [LibraryImport(Library)]
    internal static partial int sigaction(int number, void* action, void* oldAction);

    [LibraryImport(Library)]
    internal static partial int pthread_sigmask(int how, byte* signals, byte* oldSignals);

    [LibraryImport(Library)]
    internal static partial uint geteuid();

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int chown(string path, uint owner, uint group);

    [LibraryImport(Library)]
    internal static partial int execv(byte* path, byte** arguments);

    // posix_spawn and its helpers return the error instead of setting errno.
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport(Library)]
    internal static partial int posix_spawn_file_actions_addclosefrom_np(byte* actions, int from);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport(Library)]
    internal static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport(Library)]
    internal static partial int sigfillset(byte* signals);

    [LibraryImport(Library)]
    internal static partial int sigemptyset(byte* signals);

    /// <summary>Returns the result of a call, or throws when it failed.</summary>
    internal static int Check(int result, string what) =>
        result >= 0 ? result : throw Failure(Marshal.GetLastPInvokeError(), what);

    internal static SystemCallException Failure(int error, string what) => new(error, what);
}

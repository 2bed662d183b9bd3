namespace Sandbox.Linux;

/// <summary>Settings of this process.</summary>
public static unsafe class CurrentProcess
{
    public static uint EffectiveUserId => LibC.geteuid();

    /// <summary>Gets the maximum number of processes and threads that <see cref="LimitResources"/> can set.</summary>
    public static long MaxProcesses
    {
        get
        {
            ulong* limits = stackalloc ulong[2];
            LibC.Check(LibC.getrlimit(LibC.RLIMIT_NPROC, limits), "getrlimit");
            return (long)Math.Min(limits[1], long.MaxValue);
        }
    }

    /// <summary>Hides the memory, descriptors and <c>/proc</c> entries from other processes of the same user. See prctl(2), PR_SET_DUMPABLE.</summary>
    public static void SetNonDumpable() => LibC.Check(LibC.prctl(LibC.PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl");

    /// <summary>Limits what this process and its future children may use, for good: as Docker does, and without core dumps. See setrlimit(2).</summary>
    /// <param name="processes">The maximum number of processes and threads of this user in this user namespace.</param>
    public static void LimitResources(long processes)
    {
        const ulong openFiles = 1 << 20, lockedMemory = 8 << 20;

        // The kernel starts a program of the host for a crash even when the limit is 0, but not when it is 1. See fs/coredump.c.
        Lower(LibC.RLIMIT_CORE, 1, always: true);
        Lower(LibC.RLIMIT_NOFILE, openFiles);
        Lower(LibC.RLIMIT_MEMLOCK, lockedMemory);
        Lower(LibC.RLIMIT_NICE, 0);
        Lower(LibC.RLIMIT_RTPRIO, 0);
        Lower(LibC.RLIMIT_NPROC, (ulong)processes);
    }

    /// <summary>Makes a file the standard output and error output.</summary>
    public static void SetOutput(FileDescriptor file)
    {
        const int standardOutput = 1, standardError = 2;
        _ = LibC.dup2(file.Number, standardOutput);
        _ = LibC.dup2(file.Number, standardError);
    }

    /// <summary>Leaves the caller's session and terminal; does nothing for a session leader. See setsid(2).</summary>
    public static void LeaveTerminal() => _ = LibC.setsid();

    /// <summary>Lowers a limit and its maximum, which nothing can raise again without privileges.</summary>
    /// <param name="always">Whether a lower limit is raised as far as its maximum.</param>
    private static void Lower(int resource, ulong value, bool always = false)
    {
        ulong* limits = stackalloc ulong[2];
        LibC.Check(LibC.getrlimit(resource, limits), "getrlimit");
        ulong maximum = Math.Min(limits[1], value);
        limits[0] = always ? maximum : Math.Min(limits[0], maximum);
        limits[1] = maximum;
        LibC.Check(LibC.setrlimit(resource, limits), "setrlimit");
    }

    /// <summary>Sets the permissions that new files of this process and its children do not get. See umask(2).</summary>
    public static void SetFileMask(UnixFileMode denied) => _ = LibC.umask((uint)denied);
}

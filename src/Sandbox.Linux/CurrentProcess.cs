namespace Sandbox.Linux;

/// <summary>Settings of this process.</summary>
public static unsafe class CurrentProcess
{
    public static uint EffectiveUserId => LibC.geteuid();

    /// <summary>Hides the memory, descriptors and <c>/proc</c> entries from other processes of the same user. See prctl(2), PR_SET_DUMPABLE.</summary>
    public static void SetNonDumpable() => LibC.Check(LibC.prctl(LibC.PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl");

    /// <summary>Prevents core dumps of this process and its future children for good.</summary>
    public static void DisableCoreDumps()
    {
        // The kernel starts a program of the host for a crash even when the limit is 0, but not when it is 1. See fs/coredump.c.
        ulong* limits = stackalloc ulong[] { 1, 1 };
        LibC.Check(LibC.setrlimit(LibC.RLIMIT_CORE, limits), "setrlimit");
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

    /// <summary>Sets the permissions that new files of this process and its children do not get. See umask(2).</summary>
    public static void SetFileMask(UnixFileMode denied) => _ = LibC.umask((uint)denied);
}

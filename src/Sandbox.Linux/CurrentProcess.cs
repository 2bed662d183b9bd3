namespace Sandbox.Linux;

/// <summary>What this process can do to itself.</summary>
public static class CurrentProcess
{
    /// <summary>The effective user.</summary>
    public static uint EffectiveUserId => LibC.geteuid();

    /// <summary>Closes this process's memory, descriptors and <c>/proc</c> entries to others of the same user. See prctl(2), PR_SET_DUMPABLE.</summary>
    public static void DenyInspection() => LibC.Check(LibC.prctl(LibC.PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl");

    /// <summary>Leaves the caller's session and terminal; fails silently for one that leads a session already.</summary>
    public static void LeaveTerminal() => _ = LibC.setsid();

    /// <summary>Sets what new files do not permit, for this process and its children, whatever it was started with. See umask(2).</summary>
    /// <param name="denied">The permissions taken away.</param>
    public static void SetFileMask(UnixFileMode denied) => _ = LibC.umask((uint)denied);
}

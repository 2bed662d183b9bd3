namespace Sandbox.Linux;

/// <summary>Landlock domains: a process in a domain reaches no process outside of it by signals, by ptrace (which also guards <c>/proc/pid/mem</c> and
/// <c>/proc/pid/fd</c>) or by abstract Unix sockets. See landlock(7).</summary>
public static unsafe class Landlock
{
    private const uint GetVersion = 1, GetFixes = 2;
    private const int ScopesVersion = 6;

    // Without this fix, the threads of one process cannot signal each other when one of them is in a domain; the garbage collector does.
    private const int ThreadSignalFix = 1 << 1;

    private const ulong ScopeAbstractSockets = 1, ScopeSignals = 2;

    /// <summary>Gets whether this kernel has such domains.</summary>
    public static bool IsAvailable { get; } = LibC.landlock_create_ruleset(null, 0, GetVersion) >= ScopesVersion
        && LibC.landlock_create_ruleset(null, 0, GetFixes) is > 0 and var fixes && (fixes & ThreadSignalFix) != 0;

    /// <summary>Moves the calling thread, and what it starts from now on, into a domain of its own. Needs no_new_privs.</summary>
    internal static void EnterDomain()
    {
        // struct landlock_ruleset_attr: handled_access_fs, handled_access_net, scoped.
        ulong* attributes = stackalloc ulong[] { 0, 0, ScopeAbstractSockets | ScopeSignals };
        using FileDescriptor ruleset = FileDescriptor.Adopt(
            LibC.Check(LibC.landlock_create_ruleset(attributes, 3 * sizeof(ulong), 0), "landlock_create_ruleset"));
        LibC.Check(LibC.landlock_restrict_self(ruleset.Number), "landlock_restrict_self");
    }
}

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>Isolation features of a sandbox. The server always uses <see cref="All"/>; tests disable one to prove that it matters.</summary>
[Flags]
internal enum IsolationFeatures
{
    None = 0,

    /// <summary>A host user of its own for each sandbox of a root server.</summary>
    OwnUser = 1 << 0,

    /// <summary>A composed root directory instead of the host's.</summary>
    ComposedRoot = 1 << 1,

    /// <summary>A pid namespace with its own <c>/proc</c>.</summary>
    Processes = 1 << 2,

    /// <summary>An empty network namespace.</summary>
    Network = 1 << 3,

    /// <summary>IPC, UTS and control group namespaces.</summary>
    Names = 1 << 4,

    /// <summary>No capabilities, not even in its own user namespace.</summary>
    NoCapabilities = 1 << 5,

    /// <summary>No nested user namespaces.</summary>
    NoNesting = 1 << 6,

    /// <summary>A seccomp filter against system calls that only administrators, debuggers and exploits use.</summary>
    SystemCalls = 1 << 7,

    /// <summary>A cleared environment.</summary>
    CleanEnvironment = 1 << 8,

    /// <summary>The program that connects the sandbox to the internet has the sandbox's user and no files.</summary>
    ConfinedNetwork = 1 << 9,

    /// <summary>A share of the quotas that the kernel counts for a user.</summary>
    KernelQuotas = 1 << 10,

    /// <summary>Landlock: neither signals, ptrace nor abstract Unix sockets reach beyond what the agent started. Where the kernel has it.</summary>
    Landlock = 1 << 11,

    /// <summary>Empty files in <c>/proc</c> in place of those that describe the host.</summary>
    MaskedKernelFiles = 1 << 12,

    All = OwnUser | ComposedRoot | Processes | Network | Names | NoCapabilities | NoNesting | SystemCalls | CleanEnvironment | ConfinedNetwork | KernelQuotas
        | Landlock | MaskedKernelFiles,
}

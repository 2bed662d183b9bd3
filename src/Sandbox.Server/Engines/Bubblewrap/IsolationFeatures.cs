namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The walls around a sandbox, each on its own. The server always asks for <see cref="All"/>; tests take one away to show that it is needed.</summary>
[Flags]
internal enum IsolationFeatures
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Below a root server: a host user of its own for each sandbox.</summary>
    OwnUser = 1 << 0,

    /// <summary>A root directory composed for it, instead of the host's.</summary>
    ComposedRoot = 1 << 1,

    /// <summary>Process ids of its own, and a <c>/proc</c> that shows them alone.</summary>
    Processes = 1 << 2,

    /// <summary>A network of its own, with nothing in it.</summary>
    Network = 1 << 3,

    /// <summary>Shared memory, host name and control groups of its own.</summary>
    Names = 1 << 4,

    /// <summary>No capability, not even within its own user namespace.</summary>
    NoCapabilities = 1 << 5,

    /// <summary>No user namespace within it.</summary>
    NoNesting = 1 << 6,

    /// <summary>System calls that only administrators, debuggers and exploits use are refused.</summary>
    SystemCalls = 1 << 7,

    /// <summary>Only the variables it is meant to see.</summary>
    CleanEnvironment = 1 << 8,

    /// <summary>All of them.</summary>
    All = OwnUser | ComposedRoot | Processes | Network | Names | NoCapabilities | NoNesting | SystemCalls | CleanEnvironment,
}

namespace Sandbox.Protocol;

/// <summary>Names of what a server may be able to do; a client asks before it relies on one.</summary>
public static class Capabilities
{
    /// <summary>Sessions keep their shell's state between commands.</summary>
    public const string Sessions = "sessions";

    /// <summary>Sandbox and session environments can be read and changed.</summary>
    public const string Environment = "environment";

    /// <summary>Commands run, stream as they run, and can be stopped.</summary>
    public const string Commands = "commands";

    /// <summary>Output is kept and can be read again; a broken stream is taken up where it broke.</summary>
    public const string Resume = "resume";

    /// <summary>Processes run in the background.</summary>
    public const string Processes = "processes";

    /// <summary>Files and directories can be read, written, listed, moved, watched, and carried as archives.</summary>
    public const string Files = "files";

    /// <summary>Code runs in contexts that keep its state.</summary>
    public const string Code = "code";

    /// <summary>Sessions have terminals.</summary>
    public const string Terminals = "terminals";

    /// <summary>Ports in a sandbox can be reached, also where it has no network.</summary>
    public const string Ports = "ports";

    /// <summary>Repositories can be checked out.</summary>
    public const string Repositories = "repositories";

    /// <summary>Sandboxes can be limited in what they use; which limits a host can keep is told by its abilities.</summary>
    public const string Limits = "limits";

    /// <summary>A sandbox can be made to go with the process that made it.</summary>
    public const string Temporary = "temporary";

    /// <summary>All that this release serves.</summary>
    public static readonly IReadOnlyList<string> All =
        [Sessions, Environment, Commands, Resume, Processes, Files, Repositories, Terminals, Ports, Code, Limits, Temporary];
}

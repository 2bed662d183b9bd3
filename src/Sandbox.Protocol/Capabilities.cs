namespace Sandbox.Protocol;

/// <summary>Capabilities of servers. Clients check them before they rely on them.</summary>
public static class Capabilities
{
    /// <summary>Sessions keep their shell's state between commands.</summary>
    public const string Sessions = "sessions";

    /// <summary>Sandbox and session environments can be read and changed.</summary>
    public const string Environment = "environment";

    /// <summary>Commands can be run, streamed and stopped.</summary>
    public const string Commands = "commands";

    /// <summary>Output is retained, and broken streams can be resumed.</summary>
    public const string Resume = "resume";

    /// <summary>Background processes.</summary>
    public const string Processes = "processes";

    /// <summary>Files and directories can be read, written, listed, moved, watched, and transferred as archives.</summary>
    public const string Files = "files";

    /// <summary>Code can be run in contexts that keep its state.</summary>
    public const string Code = "code";

    /// <summary>Sessions have terminals.</summary>
    public const string Terminals = "terminals";

    /// <summary>Ports in a sandbox can be reached, also without a network.</summary>
    public const string Ports = "ports";

    /// <summary>Repositories can be checked out.</summary>
    public const string Repositories = "repositories";

    /// <summary>Sandboxes can have resource limits; the abilities say which ones the host supports.</summary>
    public const string Limits = "limits";

    /// <summary>Sandboxes can be deleted when the creating process exits.</summary>
    public const string Temporary = "temporary";

    /// <summary>All capabilities of this version.</summary>
    public static readonly IReadOnlyList<string> All =
        [Sessions, Environment, Commands, Resume, Processes, Files, Repositories, Terminals, Ports, Code, Limits, Temporary];
}

namespace Sandbox.Protocol;

/// <summary>The networks that a sandbox can have.</summary>
public static class SandboxNetworks
{
    /// <summary>The public internet without private addresses, those of the host and its networks.</summary>
    public const string Internet = "internet";

    /// <summary>No network.</summary>
    public const string None = "none";

    /// <summary>The network of the host.</summary>
    public const string Host = "host";

    /// <summary>All networks.</summary>
    public static readonly IReadOnlyList<string> All = [Internet, None, Host];
}

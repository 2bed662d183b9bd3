namespace Sandbox.Protocol;

/// <summary>The networks that a sandbox can have.</summary>
public static class SandboxNetworks
{
    /// <summary>The public internet, and nothing that is private to the host or near it.</summary>
    public const string Internet = "internet";

    /// <summary>Nothing.</summary>
    public const string None = "none";

    /// <summary>The host's own, with all that the host reaches.</summary>
    public const string Host = "host";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Internet, None, Host];
}

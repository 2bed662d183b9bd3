using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>What a launch consists of.</summary>
internal sealed record LaunchPlan
{
    public required SandboxDirectories Directories { get; init; }

    /// <summary>Gets the host's user that the sandbox runs as, or null for the server's own.</summary>
    public required uint? UserId { get; init; }

    public required AgentProgram Agent { get; init; }

    public IsolationFeatures Features { get; init; } = IsolationFeatures.All;

    /// <summary>Gets the network, see <see cref="SandboxNetworks"/>; the plan for <c>host</c> lacks <see cref="IsolationFeatures.Network"/>.</summary>
    public string Network { get; init; } = SandboxNetworks.None;

    /// <summary>Gets the packet filter rules of a sandbox on the internet.</summary>
    public string Rules { get; init; } = "";

    /// <summary>Gets the directory whose only file is the list of name servers, for a sandbox on the internet; see <see cref="NameServers"/>.</summary>
    public string Resolver { get; init; } = "";

    /// <summary>Gets the environment that a sandbox without <see cref="IsolationFeatures.CleanEnvironment"/> inherits, or null for this process's
    /// own.</summary>
    public IReadOnlyDictionary<string, string>? ServerEnvironment { get; init; }

    public LimitPlan Limits { get; init; } = LimitPlan.None;

    public bool Has(IsolationFeatures feature) => (Features & feature) == feature;
}

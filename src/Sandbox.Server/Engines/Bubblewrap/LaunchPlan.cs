using Sandbox.Protocol;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>What a launch is made of.</summary>
internal sealed record LaunchPlan
{
    /// <summary>The sandbox's directories, on the host.</summary>
    public required SandboxDirectories Directories { get; init; }

    /// <summary>The host's user it runs as; null when it runs as the server's own.</summary>
    public required uint? UserId { get; init; }

    /// <summary>What runs in it.</summary>
    public required AgentProgram Agent { get; init; }

    /// <summary>The walls around it.</summary>
    public IsolationFeatures IsolationFeatures { get; init; } = IsolationFeatures.All;

    /// <summary>Its network, see <see cref="SandboxNetworks"/>; with <c>host</c> the plan has no <see cref="IsolationFeatures.Network"/>.</summary>
    public string Network { get; init; } = SandboxNetworks.None;

    /// <summary>The server's environment, which a sandbox without <see cref="IsolationFeatures.CleanEnvironment"/> inherits; this process's own when null.</summary>
    public IReadOnlyDictionary<string, string>? ServerEnvironment { get; init; }

    /// <summary>How it is limited.</summary>
    public LimitPlan Limits { get; init; } = LimitPlan.None;

    /// <summary>Whether a defence is part of it.</summary>
    /// <param name="defence">The defence.</param>
    public bool Has(IsolationFeatures defence) => (IsolationFeatures & defence) == defence;
}

/// <summary>The directories of one sandbox. The server owns the top one; the sandbox's user owns the three that it sees.</summary>
/// <param name="Top">The server's: record and log lie here.</param>
internal sealed record SandboxDirectories(string Top)
{
    /// <summary>Seen as <c>/workspace</c>.</summary>
    public string Workspace => Path.Combine(Top, "workspace");

    /// <summary>Seen as <c>/home/sandbox</c>.</summary>
    public string Home => Path.Combine(Top, "home");

    /// <summary>Seen as <c>/var/lib/sandbox</c>: the agent's memory.</summary>
    public string State => Path.Combine(Top, "state");

    /// <summary>The server's record.</summary>
    public string Record => Path.Combine(Top, "box.json");

    /// <summary>What bubblewrap and the agent print.</summary>
    public string Log => Path.Combine(Top, "agent.log");

    /// <summary>What the programs print that join it to the internet.</summary>
    public string NetworkLog => Path.Combine(Top, "network.log");
}

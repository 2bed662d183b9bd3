namespace Sandbox.Protocol;

/// <summary>What the server tells a new sandbox's agent once, by <c>PUT /agent/configuration</c>, before anything else. The agent keeps it with the sandbox's
/// state.</summary>
public sealed record AgentConfiguration
{
    /// <summary>Variables for everything in the sandbox.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Whether there is a session <c>default</c>.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>How much is kept of what commands print.</summary>
    public Retention? Retention { get; init; }
}

/// <summary>The one line that <c>sandboxd start</c> prints when the server is ready, whoever started it.</summary>
/// <param name="Uri">Where it listens: <c>unix:/path/to/socket</c>.</param>
/// <param name="Version">The server's version.</param>
/// <param name="Build">The server's build, see <see cref="ServerInfo.Build"/>.</param>
/// <param name="ProcessId">Its process.</param>
/// <param name="Log">Its log file.</param>
/// <param name="Started">Whether this call started it.</param>
public sealed record ReadyMessage(string Uri, string Version, string Build, int ProcessId, string Log, bool Started);

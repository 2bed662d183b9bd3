namespace Sandbox.Protocol;

/// <summary>Body of <c>PUT /agent/configuration</c>: the server's first request to the agent of a new sandbox. The agent stores it.</summary>
public sealed record AgentConfiguration
{
    /// <summary>Variables of the sandbox.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Like <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Whether there is a session <c>default</c>.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>How much output is retained.</summary>
    public Retention? Retention { get; init; }
}

/// <summary>The line that <c>sandboxd start</c> prints when the server is ready.</summary>
/// <param name="Uri">The server's address: <c>unix:/path/to/socket</c>.</param>
/// <param name="Version">The server's version.</param>
/// <param name="Build">The server's build, see <see cref="ServerInfo.Build"/>.</param>
/// <param name="ProcessId">Its process id.</param>
/// <param name="Log">Its log file.</param>
/// <param name="Started">Whether this call started it.</param>
public sealed record ReadyMessage(string Uri, string Version, string Build, int ProcessId, string Log, bool Started);

namespace Sandbox.Protocol;

/// <summary>Answer of <c>GET /v1/server</c>.</summary>
public sealed record ServerInfo
{
    /// <summary>The program: <c>sandboxd</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The module's version it came with.</summary>
    public required string Version { get; init; }

    /// <summary>A hash of the server's and the agent's programs: the same version built twice may differ here.</summary>
    public required string Build { get; init; }

    /// <summary>The API's version: <c>v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>What this server can do, by name; see <see cref="Protocol.Capabilities"/>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The abilities of the default engine on this host.</summary>
    public required IReadOnlyList<Ability> Abilities { get; init; }

    /// <summary>The engines, the default one first; null from an earlier server.</summary>
    public IReadOnlyList<EngineInfo>? Engines { get; init; }

    /// <summary>The server's process on its own host.</summary>
    public int ProcessId { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>One thing that this host can, or cannot, give a sandbox.</summary>
/// <param name="Name">Its name: <c>isolation</c>, <c>network-none</c>.</param>
/// <param name="Available">Whether it can be had now.</param>
/// <param name="Reason">Why not, when it cannot.</param>
/// <param name="Remedy">What the user can do about it.</param>
public sealed record Ability(string Name, bool Available, string? Reason = null, string? Remedy = null);

/// <summary>One way in which a server can run sandboxes.</summary>
/// <param name="Name">The name by which a request selects it.</param>
/// <param name="Abilities">What it can give sandboxes on this host.</param>
public sealed record EngineInfo(string Name, IReadOnlyList<Ability> Abilities);

namespace Sandbox.Protocol;

/// <summary>Response of <c>GET /v1/server</c>.</summary>
public sealed record ServerInfo
{
    /// <summary>The program: <c>sandboxd</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The version of the module it belongs to.</summary>
    public required string Version { get; init; }

    /// <summary>A hash of the server and agent programs.</summary>
    public required string Build { get; init; }

    /// <summary>The API's version: <c>v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>The supported capabilities, see <see cref="Protocol.Capabilities"/>.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>The abilities of the default engine on this host.</summary>
    public required IReadOnlyList<Ability> Abilities { get; init; }

    /// <summary>The engines, the default one first; null from an earlier server.</summary>
    public IReadOnlyList<EngineInfo>? Engines { get; init; }

    /// <summary>The server's process id.</summary>
    public int ProcessId { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; init; }
}

/// <summary>A feature that the host may support.</summary>
/// <param name="Name">Its name: <c>isolation</c>, <c>network-none</c>.</param>
/// <param name="Available">Whether it is available.</param>
/// <param name="Reason">Why it is not available.</param>
/// <param name="Remedy">How to make it available.</param>
public sealed record Ability(string Name, bool Available, string? Reason = null, string? Remedy = null)
{
    /// <summary>The name of the ability to isolate sandboxes at all.</summary>
    public const string Isolation = "isolation";
}

/// <summary>An engine that runs sandboxes.</summary>
/// <param name="Name">The name for requests.</param>
/// <param name="Abilities">Its abilities on this host.</param>
public sealed record EngineInfo(string Name, IReadOnlyList<Ability> Abilities)
{
    /// <summary>Each feature of its isolation, and whether this host gives it.</summary>
    public IReadOnlyList<IsolationFeature> Isolation { get; init; } = [];
}

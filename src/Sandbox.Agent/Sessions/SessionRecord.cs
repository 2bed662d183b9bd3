using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>What is kept of a session on disk, so that it outlives the agent.</summary>
internal sealed record SessionRecord
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The limit for its commands.</summary>
    public long? CommandTimeoutMs { get; init; }

    /// <summary>Its shell's directory.</summary>
    public required string Cwd { get; init; }

    /// <summary>What its shell gives to children.</summary>
    public required Dictionary<string, string> Variables { get; init; }

    /// <summary>The names of those that are secret.</summary>
    public required List<string> Secrets { get; init; }
}

/// <summary>What is kept of the sandbox's own settings on disk.</summary>
internal sealed record SandboxRecord
{
    /// <summary>Variables for everything in the sandbox.</summary>
    public required Dictionary<string, string> Variables { get; init; }

    /// <summary>The names of those that are secret.</summary>
    public required List<string> Secrets { get; init; }

    /// <summary>How much is kept of what commands print; the usual when absent.</summary>
    public Retention? Retention { get; init; }
}

/// <summary>Source-generated JSON of what the agent keeps.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class AgentJson : JsonSerializerContext;

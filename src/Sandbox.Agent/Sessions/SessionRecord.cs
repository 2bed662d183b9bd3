using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>A session as it is stored on disk.</summary>
internal sealed record SessionRecord
{
    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public long? CommandTimeoutMs { get; init; }

    public required string Cwd { get; init; }

    /// <summary>The exported variables.</summary>
    public required Dictionary<string, string> Variables { get; init; }

    /// <summary>The names of the secret variables.</summary>
    public required List<string> Secrets { get; init; }
}

/// <summary>The sandbox's settings as they are stored on disk.</summary>
internal sealed record SandboxRecord
{
    public required Dictionary<string, string> Variables { get; init; }

    /// <summary>The names of the secret variables.</summary>
    public required List<string> Secrets { get; init; }

    /// <summary>How much output is kept; the default when absent.</summary>
    public Retention? Retention { get; init; }
}

/// <summary>Source-generated JSON of the state store.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class AgentJson : JsonSerializerContext;

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

    /// <summary>Validates a record from disk, which sandboxed code can change.</summary>
    /// <param name="id">The id by which it was found.</param>
    /// <exception cref="Exception">A <see cref="JsonException"/> or <see cref="ApiException"/>: it is not one that the agent wrote.</exception>
    public void Require(string id)
    {
        SandboxRecord.RequireComplete(Variables, Secrets);
        if (Identifier.Require(Id, "session") != id || !Path.IsPathRooted(Cwd) || Cwd.Contains('\0'))
        {
            throw new JsonException("It is the record of another session, or without a working directory.");
        }

        TimeLimit.Require(CommandTimeoutMs, "commandTimeoutMs");
    }
}

/// <summary>The sandbox's settings as they are stored on disk.</summary>
internal sealed record SandboxRecord
{
    public required Dictionary<string, string> Variables { get; init; }

    /// <summary>The names of the secret variables.</summary>
    public required List<string> Secrets { get; init; }

    /// <summary>How much output is kept; the default when absent.</summary>
    public Retention? Retention { get; init; }

    /// <inheritdoc cref="SessionRecord.Require" />
    public void Require()
    {
        RequireComplete(Variables, Secrets);
        Retention?.Require();
    }

    /// <summary>Requires what annotations cannot: that the variables and their names are not null.</summary>
    internal static void RequireComplete(Dictionary<string, string> variables, List<string> secrets)
    {
        if (variables.ContainsValue(null!) || secrets.Contains(null!))
        {
            throw new JsonException("It has a variable without a value.");
        }
    }
}

/// <summary>Source-generated JSON of the state store.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(SessionRecord))]
[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class AgentJson : JsonSerializerContext;

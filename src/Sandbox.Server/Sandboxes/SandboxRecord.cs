using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Sandboxes;

/// <summary>What the server records of a sandbox, see <see cref="SandboxDirectories.Record"/>. It contains no secret: the agent keeps the variables.</summary>
internal sealed record SandboxRecord
{
    private const string LegacyEngine = "bubblewrap";

    /// <summary>Gets the sandbox's id, which is empty while it is pooled.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the number of its directories.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public Dictionary<string, string> Labels { get; init; } = [];

    public bool DefaultSession { get; init; }

    public required string Network { get; init; }

    public SandboxLimits? Limits { get; init; }

    /// <summary>Gets the defaults that this host could not give it, and why.</summary>
    public string[] Warnings { get; init; } = [];

    /// <summary>Gets the process with whose exit a temporary sandbox is removed.</summary>
    public ProcessIdentity? Owner { get; init; }

    public required SandboxPhase Phase { get; init; }

    public required string Engine { get; init; }

    /// <summary>Gets <see cref="IEngineInstance.State"/>.</summary>
    public JsonElement? EngineState { get; init; }

    /// <summary>Reads a record, or returns null when there is none or it is damaged.</summary>
    public static SandboxRecord? TryRead(string path)
    {
        JsonObject? json = AtomicFile.TryReadJson(path, RecordJson.Default.JsonObject, ServerLog.Write);
        if (json?.ContainsKey("engine") == false)
        {
            // From a server that had one engine, whose state was part of the record.
            JsonNode state = json.DeepClone();
            json["engine"] = LegacyEngine;
            json["engineState"] = state;
            json["phase"] = (string?)json["phase"] == "Spare" ? nameof(SandboxPhase.Pooled) : (string?)json["phase"];
        }

        return json.Deserialize(RecordJson.Default.SandboxRecord);
    }
}

/// <summary>The phases of a sandbox's life. After a crash the next server removes sandboxes in all phases but <see cref="Ready"/>.</summary>
internal enum SandboxPhase
{
    /// <summary>The client has no answer yet.</summary>
    Creating,

    /// <summary>Started in advance, and not assigned to a client yet.</summary>
    Pooled,

    Ready,

    Removing,
}

/// <summary>The file of <see cref="DirectoryAllocator"/>.</summary>
internal sealed record NextNumber(int Next);

/// <summary>JSON of the server's own files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SandboxRecord))]
[JsonSerializable(typeof(NextNumber))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class RecordJson : JsonSerializerContext;

using System.Text.Json.Serialization;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Server.Sandboxes;

/// <summary>What <c>box.json</c> keeps of a sandbox. No secret is among it: variables are the agent's to keep.</summary>
internal sealed record SandboxRecord
{
    /// <summary>The sandbox's id; empty as long as it is a spare.</summary>
    public required string Id { get; init; }

    /// <summary>The number its directories are named by.</summary>
    public required int Number { get; init; }

    /// <summary>The host's user it runs as.</summary>
    public required uint UserId { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Free text by name.</summary>
    public Dictionary<string, string> Labels { get; init; } = [];

    /// <summary>Whether it has a session <c>default</c>.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>The network it got.</summary>
    public required string Network { get; init; }

    /// <summary>The limits it was made with.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>What keeps each limit, since its last start.</summary>
    public Dictionary<string, string>? LimitMeans { get; init; }

    /// <summary>The control groups of its last start, until they are removed.</summary>
    public string[] Groups { get; init; } = [];

    /// <summary>What it did not get although it is the default.</summary>
    public string[] Warnings { get; init; } = [];

    /// <summary>The process it goes with.</summary>
    public ProcessIdentity? Owner { get; init; }

    /// <summary>The walls it got at its last start.</summary>
    public string[] Isolation { get; init; } = [];

    /// <summary>How far its life has come.</summary>
    public required SandboxPhase Phase { get; init; }

    /// <summary>Whether a launch had begun of which nobody knows yet how it went.</summary>
    public bool Launching { get; init; }

    /// <summary>Its processes, if they were started and not ended by us.</summary>
    public BubblewrapProcess? Process { get; init; }
}

/// <summary>How far a sandbox's life has come.</summary>
internal enum SandboxPhase
{
    /// <summary>Its maker has no answer yet: what is found of it after a crash is removed.</summary>
    Creating,

    /// <summary>It was started ahead and is nobody's yet: what is found of it after a crash is removed.</summary>
    Pooled,

    /// <summary>It exists.</summary>
    Ready,

    /// <summary>Its removal has begun and will be finished.</summary>
    Removing,
}

/// <summary>A launched sandbox's processes, named so that no later process can be taken for them.</summary>
/// <param name="InitId">The namespace's init: all end with it.</param>
/// <param name="InitStart">When that started, see <see cref="ProcessEntry.StartTime"/>.</param>
/// <param name="Namespace">Its pid namespace, as <c>/proc/pid/ns/pid</c> shows it.</param>
/// <param name="MonitorId">bubblewrap's outer process, which ends when the agent does.</param>
/// <param name="MonitorStart">When that started.</param>
/// <param name="Socket">Where the agent listens.</param>
/// <param name="Program">The agent's program directory.</param>
/// <param name="Isolation">The walls it got.</param>
internal sealed record BubblewrapProcess(
    int InitId, ulong InitStart, string? Namespace, int MonitorId, ulong MonitorStart, string Socket, string Program, string[] Isolation)
{
    /// <summary>What joins it to the internet.</summary>
    public ProcessIdentity? Link { get; init; }
}

/// <summary>A process, named so that no later one can be taken for it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Start">When it started, see <see cref="ProcessEntry.StartTime"/>.</param>
internal sealed record ProcessIdentity(int Id, ulong Start)
{
    /// <summary>The process, while it lives.</summary>
    public ProcessEntry? Find() => ProcessTable.Find(Id) is { IsAlive: true } entry && entry.StartTime == Start ? entry : null;
}

/// <summary>The numbers given to sandboxes, kept in <c>uids.json</c>.</summary>
/// <param name="FirstUserId">The user of number 0.</param>
/// <param name="Next">The number to try next.</param>
internal sealed record UidRecord(uint FirstUserId, int Next);

/// <summary>JSON of the server's own files.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SandboxRecord))]
[JsonSerializable(typeof(UidRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;

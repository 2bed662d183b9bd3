using System.Text.Json.Serialization;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>The engine's state of a sandbox as it is recorded.</summary>
/// <remarks>The field names are those of earlier servers' records, which contained this state: such a record is read as it is.</remarks>
internal sealed record BubblewrapState
{
    public const int CurrentVersion = 1;

    /// <summary>Gets the version of this form; 0 in records of earlier servers.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Gets the host's user that the sandbox runs as.</summary>
    public required uint UserId { get; init; }

    /// <summary>Gets the isolation features of the last launch.</summary>
    public string[] Isolation { get; init; } = [];

    /// <summary>Gets the limits since the last launch, with defaults; null in records of earlier servers.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>Gets what enforces each limit since the last launch.</summary>
    public Dictionary<string, string>? LimitMeans { get; init; }

    /// <summary>Gets the control groups of the last launch, until they are removed.</summary>
    public string[] Groups { get; init; } = [];

    /// <summary>Gets whether a launch has begun and its result is not known yet.</summary>
    public bool Launching { get; init; }

    /// <summary>Gets the processes, from a launch until they are killed.</summary>
    public BubblewrapProcess? Process { get; init; }
}

/// <summary>A launched sandbox's processes, identified so that no later process is mistaken for one of them.</summary>
/// <param name="InitId">The init of the pid namespace: the others exit with it.</param>
/// <param name="InitStart">See <see cref="ProcessIdentity"/>.</param>
/// <param name="Namespace">The pid namespace, as <c>/proc/pid/ns/pid</c> shows it.</param>
/// <param name="MonitorId">bubblewrap's outer process, which exits with the agent.</param>
/// <param name="MonitorStart">See <see cref="ProcessIdentity"/>.</param>
/// <param name="Socket">The path where the agent listens.</param>
/// <param name="Program">The agent's program directory.</param>
internal sealed record BubblewrapProcess(int InitId, ulong InitStart, string? Namespace, int MonitorId, ulong MonitorStart, string Socket, string Program)
{
    /// <summary>Gets the slirp4netns process, if the sandbox is connected to the internet.</summary>
    public ProcessIdentity? Link { get; init; }
}

/// <summary>JSON of this engine's files and states.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BubblewrapState))]
[JsonSerializable(typeof(UidRange))]
internal sealed partial class BubblewrapJson : JsonSerializerContext;

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST /v1/sandbox</c>; optional.</summary>
public sealed record SandboxCreateRequest
{
    /// <summary>The requested id; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>Variables of the sandbox. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Like <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Labels to find sandboxes by.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>The requested network, see <see cref="SandboxNetworks"/>. Default: <c>internet</c> if the host supports it, else <c>none</c>.</summary>
    public string? Network { get; init; }

    /// <summary>Whether the sandbox has a session <c>default</c> for commands without a session.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>The image to start from. Not every engine has images.</summary>
    public string? Image { get; init; }

    /// <summary>The requested engine; the server's default when absent.</summary>
    public string? Engine { get; init; }

    /// <summary>Limits on memory, processes, processor and disk.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>Whether the sandbox is refused on a host that lacks an isolation feature.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RequireIsolation { get; init; }

    /// <summary>How much output is retained.</summary>
    public Retention? Retention { get; init; }

    /// <summary>Idle time in seconds after which the sandbox sleeps.</summary>
    public double? SleepAfter { get; init; }

    /// <summary>Whether the sandbox is deleted when the creating process exits. Requires the Unix socket.</summary>
    public bool Temporary { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One sandbox, as returned by the API.</summary>
public sealed record SandboxInfo
{
    /// <summary>The sandbox's id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it is running.</summary>
    public required SandboxState State { get; init; }

    /// <summary>The engine: <c>bubblewrap</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>The network, see <see cref="SandboxNetworks"/>.</summary>
    public required string Network { get; init; }

    /// <summary>The limits in force, if any.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>What enforces each limit, by its name: <c>cgroup-v2</c>, <c>cgroup-v1</c>, <c>rlimit</c>.</summary>
    public IReadOnlyDictionary<string, string>? LimitMeans { get; init; }

    /// <summary>Defaults that the host does not support, each with its remedy.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether it is deleted when the creating process exits.</summary>
    public bool Temporary { get; init; }

    /// <summary>The isolation features in force: <c>user</c>, <c>pid</c>, <c>seccomp</c>, <c>uid</c>, …</summary>
    public required IReadOnlyList<string> Isolation { get; init; }

    /// <summary>The isolation features that it does not have, with the reasons.</summary>
    public IReadOnlyList<IsolationFeature> MissingIsolation { get; init; } = [];

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether it has a session <c>default</c>.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Whether a sandbox is running.</summary>
public enum SandboxState
{
    /// <summary>Its agent is running.</summary>
    Running,

    /// <summary>Only its files exist; the next request starts it.</summary>
    Stopped,
}

/// <summary>Response of <c>GET /v1/sandbox</c>.</summary>
/// <param name="Sandboxes">All, oldest first.</param>
public sealed record SandboxList(IReadOnlyList<SandboxInfo> Sandboxes);

/// <summary>Response of <c>GET /v1/sandbox/{id}/running</c>.</summary>
/// <param name="Running">Whether it is running.</param>
public sealed record RunningAnswer(bool Running);

/// <summary>Response of <c>GET /health</c>.</summary>
/// <param name="Ok">Always true.</param>
public sealed record HealthAnswer(bool Ok);

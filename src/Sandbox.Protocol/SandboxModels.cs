using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST /v1/sandbox</c>; may be absent.</summary>
public sealed record SandboxCreateRequest
{
    /// <summary>The id wished for; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>Variables for everything in the sandbox. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Free text by name, to find sandboxes again.</summary>
    public Dictionary<string, string>? Labels { get; init; }

    /// <summary>The network wished for, see <see cref="SandboxNetworks"/>. Absent: <c>internet</c> where this host can give it, else <c>none</c>.</summary>
    public string? Network { get; init; }

    /// <summary>Whether the sandbox has a session <c>default</c> that commands use which name no session.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>The image to start from. Not every engine has images.</summary>
    public string? Image { get; init; }

    /// <summary>The engine wished for; absent: the server's choice.</summary>
    public string? Engine { get; init; }

    /// <summary>Limits on memory, processes, processor and disk.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>How much is kept of what commands and processes print.</summary>
    public Retention? Retention { get; init; }

    /// <summary>Idle time in seconds after which the sandbox sleeps.</summary>
    public double? SleepAfter { get; init; }

    /// <summary>Whether the sandbox goes with the process that made it, as the server's socket knows that: not over TCP.</summary>
    public bool Temporary { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One sandbox, as the API shows it.</summary>
public sealed record SandboxInfo
{
    /// <summary>Its key.</summary>
    public required string Id { get; init; }

    /// <summary>Whether its processes live.</summary>
    public required SandboxState State { get; init; }

    /// <summary>What runs it: <c>bubblewrap</c>.</summary>
    public required string Engine { get; init; }

    /// <summary>The network it got, see <see cref="SandboxNetworks"/>.</summary>
    public required string Network { get; init; }

    /// <summary>The limits in force; absent when there are none.</summary>
    public SandboxLimits? Limits { get; init; }

    /// <summary>By the name of each limit what keeps it: <c>cgroup-v2</c>, <c>cgroup-v1</c>, <c>rlimit</c>.</summary>
    public IReadOnlyDictionary<string, string>? LimitMeans { get; init; }

    /// <summary>What it did not get although it is the default: a sentence each, which names the remedy.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Whether it goes with the process that made it.</summary>
    public bool Temporary { get; init; }

    /// <summary>The walls it got, by name: <c>user</c>, <c>pid</c>, <c>seccomp</c>, <c>uid</c>, …</summary>
    public required IReadOnlyList<string> Isolation { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Whether it has a session <c>default</c>.</summary>
    public bool DefaultSession { get; init; }

    /// <summary>Free text by name.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>Whether a sandbox's processes live.</summary>
public enum SandboxState
{
    /// <summary>Its agent lives.</summary>
    Running,

    /// <summary>Only its files are there; the next request starts it again.</summary>
    Stopped,
}

/// <summary>Answer of <c>GET /v1/sandbox</c>.</summary>
/// <param name="Sandboxes">All of them, oldest first.</param>
public sealed record SandboxList(IReadOnlyList<SandboxInfo> Sandboxes);

/// <summary>Answer of <c>GET /v1/sandbox/{id}/running</c>.</summary>
/// <param name="Running">Whether its processes live.</param>
public sealed record RunningAnswer(bool Running);

/// <summary>Answer of <c>GET /health</c>.</summary>
/// <param name="Ok">Always true when there is an answer.</param>
public sealed record HealthAnswer(bool Ok);

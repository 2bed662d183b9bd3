using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/session</c>; optional.</summary>
public sealed record SessionCreateRequest
{
    /// <summary>The requested id; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>The initial directory, <c>/workspace</c> by default; created when it does not exist.</summary>
    public string? Cwd { get; init; }

    /// <summary>Variables of this session. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Like <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>The default time limit of its commands in milliseconds; none when absent.</summary>
    public long? CommandTimeoutMs { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One session, as returned by the API.</summary>
public sealed record SessionInfo
{
    /// <summary>The id, unique in the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>Whether a command is running.</summary>
    public required SessionState State { get; init; }

    /// <summary>The shell's directory after its last command.</summary>
    public required string Cwd { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The default time limit of its commands in milliseconds, if any.</summary>
    public long? CommandTimeoutMs { get; init; }

    /// <summary>The running command, if any.</summary>
    public RunningCommand? RunningCommand { get; init; }
}

/// <summary>Whether a command is running in a session.</summary>
public enum SessionState
{
    /// <summary>No command is running.</summary>
    Idle,

    /// <summary>A command is running; others are queued.</summary>
    Busy,
}

/// <summary>The running command of a session.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="Command">The command line, truncated to 200 characters.</param>
/// <param name="StartedAt">When it started.</param>
public sealed record RunningCommand(string ProcessId, string Command, DateTimeOffset StartedAt);

/// <summary>Response of <c>GET …/session</c>.</summary>
/// <param name="Sessions">All, oldest first.</param>
public sealed record SessionList(IReadOnlyList<SessionInfo> Sessions);

/// <summary>Response of <c>DELETE …/session/{sid}</c>, as in Cloudflare's bridge.</summary>
/// <param name="Success">Always true.</param>
/// <param name="SessionId">The deleted session.</param>
/// <param name="Timestamp">When it was deleted.</param>
public sealed record SessionDeleted(bool Success, string SessionId, DateTimeOffset Timestamp);

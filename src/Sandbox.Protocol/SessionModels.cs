using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Body of <c>POST …/session</c>; may be absent.</summary>
public sealed record SessionCreateRequest
{
    /// <summary>The id wished for; generated when absent.</summary>
    public string? Id { get; init; }

    /// <summary>Where its shell starts, <c>/workspace</c> by default; made when it does not exist.</summary>
    public string? Cwd { get; init; }

    /// <summary>Variables of this session. Null values are skipped.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>As <see cref="Env"/>, but masked wherever variables are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Milliseconds after which a command of this session is stopped, unless the command has a limit of its own; none when absent.</summary>
    public long? CommandTimeoutMs { get; init; }

    /// <summary>Fields this release does not know: refused, never ignored.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>One session, as the API shows it.</summary>
public sealed record SessionInfo
{
    /// <summary>Its key within the sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>Whether a command runs in it now.</summary>
    public required SessionState State { get; init; }

    /// <summary>The shell's directory after its last command.</summary>
    public required string Cwd { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The limit for its commands in milliseconds, if it has one.</summary>
    public long? CommandTimeoutMs { get; init; }

    /// <summary>The command that runs now.</summary>
    public RunningCommand? RunningCommand { get; init; }
}

/// <summary>Whether a session runs a command.</summary>
public enum SessionState
{
    /// <summary>No command runs.</summary>
    Idle,

    /// <summary>A command runs; others wait behind it.</summary>
    Busy,
}

/// <summary>The command a session runs now.</summary>
/// <param name="ProcessId">Its id.</param>
/// <param name="Command">Its text, shortened to 200 characters.</param>
/// <param name="StartedAt">When it started.</param>
public sealed record RunningCommand(string ProcessId, string Command, DateTimeOffset StartedAt);

/// <summary>Answer of <c>GET …/session</c>.</summary>
/// <param name="Sessions">All of them, oldest first.</param>
public sealed record SessionList(IReadOnlyList<SessionInfo> Sessions);

/// <summary>Answer of <c>DELETE …/session/{sid}</c>, as Cloudflare's bridge gives it.</summary>
/// <param name="Success">Always true.</param>
/// <param name="SessionId">The session that is gone.</param>
/// <param name="Timestamp">When.</param>
public sealed record SessionDeleted(bool Success, string SessionId, DateTimeOffset Timestamp);

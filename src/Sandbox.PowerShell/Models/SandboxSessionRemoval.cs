using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The answer to the removal of a session.</summary>
public sealed class SandboxSessionRemoval
{
    internal SandboxSessionRemoval(SessionDeleted answer) =>
        (Success, SessionId, Timestamp) = (answer.Success, answer.SessionId, answer.Timestamp);

    /// <summary>Whether the session was removed.</summary>
    public bool Success { get; }

    /// <summary>The id of the removed session.</summary>
    public string SessionId { get; }

    /// <summary>The time of removal.</summary>
    public DateTimeOffset Timestamp { get; }
}

using Sandbox.Protocol;

namespace Sandbox;

/// <summary>The answer to the removal of a session.</summary>
public sealed class SandboxSessionRemoval
{
    internal SandboxSessionRemoval(SessionDeleted answer) =>
        (Success, SessionId, Timestamp) = (answer.Success, answer.SessionId, answer.Timestamp);

    /// <summary>Whether it is gone.</summary>
    public bool Success { get; }

    /// <summary>The session that is gone.</summary>
    public string SessionId { get; }

    /// <summary>When it went.</summary>
    public DateTimeOffset Timestamp { get; }
}

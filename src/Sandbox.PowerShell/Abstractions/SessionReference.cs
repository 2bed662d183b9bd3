namespace Sandbox;

/// <summary>A reference to a session.</summary>
/// <inheritdoc cref="ResourceReference" />
public sealed class SessionReference(string id, string? sandboxId = null, string? server = null) : ResourceReference(id, sandboxId, server)
{
    /// <summary>Reads what a user gave; null when it is no session.</summary>
    /// <param name="value">An id, <c>sandbox/session</c>, or a session object, also one that was selected from or came from another process.</param>
    public static SessionReference? From(object? value) => Read(
        value, typeof(SandboxSession),
        known => known is SandboxSession session ? new(session.Id, session.SandboxId, session.Server) : null,
        (id, sandbox, server) => new SessionReference(id, sandbox, server));
}

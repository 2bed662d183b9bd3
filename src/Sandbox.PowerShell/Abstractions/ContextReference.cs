namespace Sandbox;

/// <summary>A reference to a code context.</summary>
/// <inheritdoc cref="ResourceReference" />
public sealed class ContextReference(string id, string? sandboxId = null, string? server = null) : ResourceReference(id, sandboxId, server)
{
    /// <summary>Reads what a user gave; null when it is no context.</summary>
    /// <param name="value">An id, <c>sandbox/context</c>, or a context object, also one that was selected from or came from another process.</param>
    public static ContextReference? From(object? value) => Read(
        value, typeof(SandboxCodeContext),
        known => known is SandboxCodeContext context ? new(context.Id, context.SandboxId, context.Server) : null,
        (id, sandbox, server) => new ContextReference(id, sandbox, server));
}

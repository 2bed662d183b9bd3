namespace Sandbox;

/// <summary>A reference to a process.</summary>
/// <inheritdoc cref="ResourceReference" />
public sealed class ProcessReference(string id, string? sandboxId = null, string? server = null) : ResourceReference(id, sandboxId, server)
{
    /// <summary>Reads what a user gave; null when it is no process.</summary>
    /// <param name="value">An id, <c>sandbox/process</c>, or a process object, also one that was selected from or came from another process.</param>
    public static ProcessReference? From(object? value) => Read(
        value, typeof(SandboxProcess),
        known => known is SandboxProcess process ? new(process.Id, process.SandboxId, process.Server) : null,
        (id, sandbox, server) => new ProcessReference(id, sandbox, server));
}

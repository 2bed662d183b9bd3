using System.Management.Automation;

namespace Sandbox;

/// <summary>A reference to a sandbox or a resource in one: an id or pattern, with sandbox and server if known from an object or <c>sandbox/id</c>.</summary>
/// <remarks>PowerShell converts by the public constructor: in casts, and in the parameters of proxies and mocks.</remarks>
public abstract class ResourceReference
{
    /// <summary>Reads what a user gave.</summary>
    /// <param name="value">An id, a reference of this kind, or an object, also one that was selected from or came from another process.</param>
    /// <param name="type">The type of such an object.</param>
    /// <param name="kind">What is wanted, for the message.</param>
    /// <exception cref="PSInvalidCastException">It is nothing of this kind.</exception>
    private protected ResourceReference(object? value, Type type, string kind)
    {
        object? plain = value.Unwrap();
        (Id, SandboxId, Server) = plain switch
        {
            ResourceReference reference when reference.GetType() == GetType() => (reference.Id, reference.SandboxId, reference.Server),
            string { Length: > 0 } text => Split(text),
            int or long or double => Split(LanguagePrimitives.ConvertTo<string>(value)),
            _ when plain is PSCustomObject || type.IsInstanceOfType(plain) => FromProperties(new DeserializedObject(PSObject.AsPSObject(value)), type),
            _ => null,
        }
        ?? throw NotConvertible(value, kind);
    }

    /// <summary>The id, or a pattern.</summary>
    public string Id { get; }

    /// <summary>Its sandbox; null when it was not named, and for a sandbox.</summary>
    public string? SandboxId { get; internal init; }

    /// <summary>Its server's address; null for the default one.</summary>
    public string? Server { get; internal init; }

    /// <summary>Whether it may mean several.</summary>
    public bool IsPattern => WildcardPattern.ContainsWildcardCharacters(Id) || (SandboxId is not null && WildcardPattern.ContainsWildcardCharacters(SandboxId));

    /// <inheritdoc />
    public override string ToString() => SandboxId is null ? Id : $"{SandboxId}/{Id}";

    internal static PSInvalidCastException NotConvertible(object? value, string kind) => new(value is null
        ? $"A value is null. Specify a {kind} or its id, or omit the parameter."
        : $"An object of type '{(value is PSObject wrapped ? wrapped.TypeNames[0] : value.GetType().FullName)}' is not a {kind} or the id of one.");

    private (string Id, string? SandboxId, string? Server)? Split(string text) =>
        this is not SandboxReference && text.IndexOf('/', StringComparison.Ordinal) is >= 0 and var slash
            ? (text[(slash + 1)..], text[..slash], null)
            : (text, null, null);

    // Without its sandbox an id could mean another one's; and what was another kind of thing is not one of this.
    private (string Id, string? SandboxId, string? Server)? FromProperties(DeserializedObject bag, Type type) =>
        (bag.IsOf(type) || !bag.IsOfModule)
            && bag.Text(nameof(SandboxSession.Id)) is { Length: > 0 } id
            && bag.Text(nameof(SandboxSession.SandboxId)) is var sandbox
            && (this is SandboxReference ? !bag.Has(nameof(SandboxSession.SandboxId)) : sandbox is { Length: > 0 })
            ? (id, sandbox, bag.Text(nameof(SandboxSession.Server)))
            : null;
}

/// <summary>A reference to a sandbox.</summary>
/// <param name="value">An id, a reference, or a sandbox.</param>
public sealed class SandboxReference(object value) : ResourceReference(value, typeof(SandboxInstance), "sandbox");

/// <summary>A reference to a session.</summary>
/// <param name="value">An id, <c>sandbox/session</c>, a reference, or a session.</param>
public sealed class SessionReference(object value) : ResourceReference(value, typeof(SandboxSession), "session");

/// <summary>A reference to a process.</summary>
/// <param name="value">An id, <c>sandbox/process</c>, a reference, or a process.</param>
public sealed class ProcessReference(object value) : ResourceReference(value, typeof(SandboxProcess), "process");

/// <summary>A reference to a code context.</summary>
/// <param name="value">An id, <c>sandbox/context</c>, a reference, or a code context.</param>
public sealed class ContextReference(object value) : ResourceReference(value, typeof(SandboxCodeContext), "code context");

/// <summary>A reference to an item: an absolute path and its sandbox.</summary>
public sealed class SandboxItemReference
{
    /// <summary>Reads what a user gave.</summary>
    /// <param name="value">An item, a reference, or an item that was selected from or came from another process.</param>
    public SandboxItemReference(object value) => (Path, SandboxId, Server) = value.Unwrap() switch
    {
        SandboxItemReference reference => (reference.Path, reference.SandboxId, reference.Server),
        SandboxItem item => (item.SandboxPath, item.SandboxId, item.Server),
        SandboxDriveItem item => (item.FullName, item.SandboxId, item.Server),
        PSCustomObject when new DeserializedObject((PSObject)value) is var bag
            && bag.Text(nameof(SandboxItem.SandboxPath)) is { Length: > 0 } path && bag.Text(nameof(SandboxItem.SandboxId)) is { Length: > 0 } sandbox
            => (path, sandbox, bag.Text(nameof(SandboxItem.Server))),
        _ => throw ResourceReference.NotConvertible(value, "sandbox item"),
    };

    /// <summary>The path.</summary>
    public string Path { get; }

    /// <summary>The sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The server's address; null for the default one.</summary>
    public string? Server { get; }

    /// <inheritdoc />
    public override string ToString() => Path;
}

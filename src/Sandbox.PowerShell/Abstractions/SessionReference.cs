using System.Management.Automation;

namespace Sandbox;

/// <summary>Which session is meant: an id or pattern, and sandbox and server when an object or the form <c>sandbox/session</c> named them.</summary>
/// <param name="id">The session's id; a pattern where a cmdlet takes one.</param>
/// <param name="sandboxId">Its sandbox; null when it was not named.</param>
/// <param name="server">Its server's address; null for the default one.</param>
public sealed class SessionReference(string id, string? sandboxId = null, string? server = null)
{
    /// <summary>The session's id, or a pattern.</summary>
    public string Id { get; } = id;

    /// <summary>Its sandbox; null when it was not named.</summary>
    public string? SandboxId { get; } = sandboxId;

    /// <summary>Its server's address; null for the default one.</summary>
    public string? Server { get; } = server;

    /// <summary>Whether it may mean several.</summary>
    public bool IsPattern => WildcardPattern.ContainsWildcardCharacters(Id) || (SandboxId is not null && WildcardPattern.ContainsWildcardCharacters(SandboxId));

    /// <summary>Reads what a user gave; null when it is no session.</summary>
    /// <param name="value">An id, <c>sandbox/session</c>, or a session object, also one that was selected from or came from another process.</param>
    public static SessionReference? From(object? value)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            SessionReference reference => reference,
            SandboxSession session => new(session.Id, session.SandboxId, session.Server),
            string { Length: > 0 } text => FromText(text),
            int or long or double => FromText(LanguagePrimitives.ConvertTo<string>(value)),
            PSCustomObject => FromBag(new PropertyBag((PSObject)value!)),
            _ => null,
        };
    }

    /// <inheritdoc />
    public override string ToString() => SandboxId is null ? Id : $"{SandboxId}/{Id}";

    private static SessionReference FromText(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new(text) : new(text[(slash + 1)..], text[..slash]);
    }

    // Without its sandbox a session's id could mean another one's session.
    private static SessionReference? FromBag(PropertyBag bag) =>
        bag.Text(nameof(SandboxSession.Id)) is { Length: > 0 } id && bag.Text(nameof(SandboxSession.SandboxId)) is { Length: > 0 } sandbox
            ? new(id, sandbox, bag.Text(nameof(SandboxSession.Server)))
            : null;
}

using System.Management.Automation;

namespace Sandbox;

/// <summary>A reference to a resource of a sandbox: an id or pattern, with sandbox and server if known from an object or <c>sandbox/id</c>.</summary>
/// <param name="id">Its id; a pattern where a cmdlet takes one.</param>
/// <param name="sandboxId">Its sandbox; null when it was not named.</param>
/// <param name="server">Its server's address; null for the default one.</param>
public abstract class ResourceReference(string id, string? sandboxId, string? server)
{
    /// <summary>The id, or a pattern.</summary>
    public string Id { get; } = id;

    /// <summary>Its sandbox; null when it was not named.</summary>
    public string? SandboxId { get; } = sandboxId;

    /// <summary>Its server's address; null for the default one.</summary>
    public string? Server { get; } = server;

    /// <summary>Whether it may mean several.</summary>
    public bool IsPattern => WildcardPattern.ContainsWildcardCharacters(Id) || (SandboxId is not null && WildcardPattern.ContainsWildcardCharacters(SandboxId));

    /// <inheritdoc />
    public override string ToString() => SandboxId is null ? Id : $"{SandboxId}/{Id}";

    /// <summary>Reads what a user gave; null when it is nothing of this kind.</summary>
    /// <param name="value">An id, <c>sandbox/id</c>, or an object, also one that was selected from or came from another process.</param>
    /// <param name="type">The type of such an object.</param>
    /// <param name="known">Reads an object that is whole; null when it is of another kind.</param>
    /// <param name="make">Makes a reference of id, sandbox and server.</param>
    private protected static T? Read<T>(object? value, Type type, Func<object, T?> known, Func<string, string?, string?, T> make)
        where T : ResourceReference
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            null => null,
            T reference => reference,
            string { Length: > 0 } text => FromText(text, make),
            int or long or double => FromText(LanguagePrimitives.ConvertTo<string>(value), make),
            PSCustomObject => FromBag(new DeserializedObject((PSObject)value!), type, make),
            _ => known(plain),
        };
    }

    private static T FromText<T>(string text, Func<string, string?, string?, T> make)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? make(text, null, null) : make(text[(slash + 1)..], text[..slash], null);
    }

    // Without its sandbox an id could mean another one's; and what was another kind of thing is not one of this.
    private static T? FromBag<T>(DeserializedObject bag, Type type, Func<string, string?, string?, T> make)
        where T : class =>
        bag.Text(nameof(SandboxSession.Id)) is { Length: > 0 } id && bag.Text(nameof(SandboxSession.SandboxId)) is { Length: > 0 } sandbox && (bag.IsOf(type) || !bag.IsOfModule)
            ? make(id, sandbox, bag.Text(nameof(SandboxSession.Server)))
            : null;
}

using System.Management.Automation;

namespace Sandbox;

/// <summary>A reference to a sandbox: an id or pattern, with the server if known from an object.</summary>
/// <param name="id">The sandbox's id; a pattern where a cmdlet takes one.</param>
/// <param name="server">Its server's address; null for the default one.</param>
/// <param name="defaultSession">Whether it has a session <c>default</c>; null when that is not known.</param>
public sealed class SandboxReference(string id, string? server = null, bool? defaultSession = null)
{
    /// <summary>The sandbox's id, or a pattern.</summary>
    public string Id { get; } = id;

    /// <summary>Its server's address; null for the default one.</summary>
    public string? Server { get; } = server;

    /// <summary>Whether it has a session <c>default</c>; null when that is not known.</summary>
    public bool? DefaultSession { get; } = defaultSession;

    /// <summary>Whether it may mean several.</summary>
    public bool IsPattern => WildcardPattern.ContainsWildcardCharacters(Id);

    /// <summary>Reads what a user gave; null when it is no sandbox.</summary>
    /// <param name="value">An id, or a sandbox object, also one that was selected from or came from another process.</param>
    public static SandboxReference? From(object? value)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            SandboxReference reference => reference,
            SandboxInstance sandbox => new(sandbox.Id, sandbox.Server, sandbox.DefaultSession),
            string { Length: > 0 } id => new(id),
            int or long or double => new(LanguagePrimitives.ConvertTo<string>(value)),
            PSCustomObject => FromBag(new DeserializedObject((PSObject)value!)),
            _ => null,
        };
    }

    private static SandboxReference? FromBag(DeserializedObject bag) =>
        bag.Text(nameof(SandboxInstance.Id)) is { Length: > 0 } id && !bag.Has(nameof(SandboxSession.SandboxId)) && !bag.IsOf(typeof(SandboxSession))
            ? new(id, bag.Text(nameof(SandboxInstance.Server)), bag.Flag(nameof(SandboxInstance.DefaultSession)))
            : null;

    /// <inheritdoc />
    public override string ToString() => Id;
}

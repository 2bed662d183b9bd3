using System.Management.Automation;

namespace Sandbox;

/// <summary>A reference to an item: an absolute path and its sandbox.</summary>
/// <param name="path">The path.</param>
/// <param name="sandboxId">The sandbox.</param>
/// <param name="server">The server's address; null for the default one.</param>
public sealed class SandboxItemReference(string path, string sandboxId, string? server)
{
    /// <summary>The path.</summary>
    public string Path { get; } = path;

    /// <summary>The sandbox.</summary>
    public string SandboxId { get; } = sandboxId;

    /// <summary>The server's address; null for the default one.</summary>
    public string? Server { get; } = server;

    /// <summary>Reads what a user gave; null when it is no item.</summary>
    /// <param name="value">An item, also one that was selected from or came from another process.</param>
    public static SandboxItemReference? From(object? value)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            SandboxItemReference reference => reference,
            SandboxItem item => new(item.SandboxPath, item.SandboxId, item.Server),
            SandboxDriveItem item => new(item.FullName, item.SandboxId, item.Server),
            PSCustomObject => FromBag(new DeserializedObject((PSObject)value!)),
            _ => null,
        };
    }

    /// <inheritdoc />
    public override string ToString() => Path;

    private static SandboxItemReference? FromBag(DeserializedObject bag) =>
        bag.Text(nameof(SandboxItem.SandboxPath)) is { Length: > 0 } path && bag.Text(nameof(SandboxItem.SandboxId)) is { Length: > 0 } sandbox
            ? new(path, sandbox, bag.Text(nameof(SandboxItem.Server)))
            : null;
}

/// <summary>Takes items of sandboxes.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SandboxItemTransformationAttribute() : ReferenceTransformationAttribute<SandboxItemReference>("sandbox item", SandboxItemReference.From);

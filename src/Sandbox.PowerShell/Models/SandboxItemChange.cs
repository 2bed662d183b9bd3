using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A change of a watched file or directory.</summary>
public sealed class SandboxItemChange
{
    internal SandboxItemChange(FileChange change, SandboxHandle sandbox)
    {
        Type = change.Type;
        SandboxPath = change.ExactPath;
        OldPath = change.ExactOldPath;
        IsDirectory = change.IsDirectory;
        ReceivedAt = DateTimeOffset.Now;
        SandboxId = sandbox.Id;
        Server = sandbox.Server;
    }

    /// <summary>The kind of change. <c>Overflow</c>: changes were lost; list the directory again.</summary>
    public FileChangeType Type { get; }

    /// <summary>The path.</summary>
    public string SandboxPath { get; }

    /// <summary>The path before a move.</summary>
    public string? OldPath { get; }

    /// <summary>Whether the item is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>The time at which the change was received.</summary>
    public DateTimeOffset ReceivedAt { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <inheritdoc />
    public override string ToString() => $"{Type} {SandboxPath}";
}

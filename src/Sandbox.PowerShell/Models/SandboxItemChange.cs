using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A change of a watched file or directory.</summary>
public sealed class SandboxItemChange
{
    internal SandboxItemChange(FileChange change, SandboxTarget place)
    {
        Type = change.Type;
        SandboxPath = change.ExactPath;
        OldPath = change.ExactOldPath;
        IsDirectory = change.IsDirectory;
        ReceivedAt = DateTimeOffset.Now;
        SandboxId = place.SandboxId;
        Server = place.Client.Server;
    }

    /// <summary>What happened. <c>Overflow</c>: more than could be kept; look again at what is there.</summary>
    public FileChangeType Type { get; }

    /// <summary>To what.</summary>
    public string SandboxPath { get; }

    /// <summary>Where it was before it was moved.</summary>
    public string? OldPath { get; }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>When it was told.</summary>
    public DateTimeOffset ReceivedAt { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <inheritdoc />
    public override string ToString() => $"{Type} {SandboxPath}";
}

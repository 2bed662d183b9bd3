using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a file, directory or link in a sandbox.</summary>
public sealed class SandboxItem
{
    internal SandboxItem(FileEntry entry, SandboxTarget place)
    {
        SandboxPath = entry.ExactPath;
        Name = SandboxPath == "/" ? SandboxPath : SandboxPath[(SandboxPath.LastIndexOf('/') + 1)..];
        Directory = SandboxPath.LastIndexOf('/') is var slash and > 0 ? SandboxPath[..slash] : "/";
        Type = entry.Type;
        Length = entry.Size;
        LastWriteTime = entry.ModifiedAt;
        Mode = entry.Mode;
        UnixMode = ItemMode.ToText(entry.Type, entry.Mode);
        Owner = entry.Owner;
        LinkTarget = entry.Target;
        LinkTargetType = entry.TargetType;
        SandboxId = place.SandboxId;
        Server = place.Client.Server;
    }

    /// <summary>The last part of its path.</summary>
    public string Name { get; }

    /// <summary>Its absolute path. It is not called Path: PowerShell's own cmdlets would take that for a path of this machine. Bytes of it that are not UTF-8 are kept as lone surrogates, so that it can be used again.</summary>
    public string SandboxPath { get; }

    /// <summary>The directory it lies in.</summary>
    public string Directory { get; }

    /// <summary>What it is; a link is not followed.</summary>
    public FileKind Type { get; }

    /// <summary>How many bytes it holds.</summary>
    public long Length { get; }

    /// <summary>When its content changed.</summary>
    public DateTimeOffset LastWriteTime { get; }

    /// <summary>Its permissions, octal.</summary>
    public string Mode { get; }

    /// <summary>Its kind and permissions, as <c>ls</c> shows them.</summary>
    public string UnixMode { get; }

    /// <summary>The number of its owner, as the sandbox counts users.</summary>
    public long Owner { get; }

    /// <summary>What a link says.</summary>
    public string? LinkTarget { get; }

    /// <summary>What a link leads to in the end; null for one that leads nowhere.</summary>
    public FileKind? LinkTargetType { get; }

    /// <summary>Its sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The address of its server.</summary>
    public string Server { get; }

    /// <summary><c>sandbox:/path</c>: no path of this machine, whoever takes it for text.</summary>
    public override string ToString() => $"{SandboxId}:{SandboxPath}";
}

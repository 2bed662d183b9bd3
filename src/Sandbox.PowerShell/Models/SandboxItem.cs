using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A snapshot of a file, directory or link in a sandbox.</summary>
public sealed class SandboxItem
{
    internal SandboxItem(FileEntry entry, SandboxHandle sandbox)
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
        SandboxId = sandbox.Id;
        Server = sandbox.Server;
    }

    /// <summary>The last part of the path.</summary>
    public string Name { get; }

    /// <summary>The absolute path; bytes that are not UTF-8 are kept as lone surrogates. Not called Path, which other cmdlets would bind as a local
    /// path.</summary>
    public string SandboxPath { get; }

    /// <summary>The path of the parent directory.</summary>
    public string Directory { get; }

    /// <summary>The type; links are not followed.</summary>
    public FileKind Type { get; }

    /// <summary>The size in bytes.</summary>
    public long Length { get; }

    /// <summary>The time of the last write to its content.</summary>
    public DateTimeOffset LastWriteTime { get; }

    /// <summary>The permissions, octal.</summary>
    public string Mode { get; }

    /// <summary>The type and permissions, as <c>ls</c> shows them.</summary>
    public string UnixMode { get; }

    /// <summary>The user id of the owner in the sandbox.</summary>
    public long Owner { get; }

    /// <summary>The target path of a link.</summary>
    public string? LinkTarget { get; }

    /// <summary>The type of the final target of a link; null for a broken link.</summary>
    public FileKind? LinkTargetType { get; }

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId { get; }

    /// <summary>The address of the server.</summary>
    public string Server { get; }

    /// <summary>Returns <c>sandbox:/path</c>, which cannot be mistaken for a local path.</summary>
    public override string ToString() => $"{SandboxId}:{SandboxPath}";
}

using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A file, directory or link of a drive. Without a property <c>Path</c>, which other cmdlets would bind as a path of the current drive.</summary>
public sealed class SandboxDriveItem
{
    private readonly SandboxItem _item;

    internal SandboxDriveItem(FileEntry entry, SandboxHandle sandbox) => _item = new SandboxItem(entry, sandbox);

    /// <summary>The last part of the path.</summary>
    public string Name => _item.Name;

    /// <summary>Its absolute path in the sandbox.</summary>
    public string FullName => _item.SandboxPath;

    /// <summary>The path of the parent directory.</summary>
    public string Directory => _item.Directory;

    /// <summary>The type; links are not followed.</summary>
    public FileKind Type => _item.Type;

    /// <summary>The size in bytes.</summary>
    public long Length => _item.Length;

    /// <summary>The time of the last write to its content.</summary>
    public DateTimeOffset LastWriteTime => _item.LastWriteTime;

    /// <summary>The permissions, octal.</summary>
    public string Mode => _item.Mode;

    /// <summary>The type and permissions, as <c>ls</c> shows them.</summary>
    public string UnixMode => _item.UnixMode;

    /// <summary>The user id of the owner in the sandbox.</summary>
    public long Owner => _item.Owner;

    /// <summary>The target path of a link.</summary>
    public string? LinkTarget => _item.LinkTarget;

    /// <summary>The type of the final target of a link; null for a broken link.</summary>
    public FileKind? LinkTargetType => _item.LinkTargetType;

    /// <summary>The id of the sandbox.</summary>
    public string SandboxId => _item.SandboxId;

    /// <summary>The address of the server.</summary>
    public string Server => _item.Server;

    /// <inheritdoc />
    public override string ToString() => Name;
}

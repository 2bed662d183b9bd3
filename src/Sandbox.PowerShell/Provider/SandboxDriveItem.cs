using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A file, directory or link of a drive. It has no property <c>Path</c>, which the engine's own cmdlets would take for a path of the current drive, perhaps of this machine.</summary>
public sealed class SandboxDriveItem
{
    private readonly SandboxItem _item;

    internal SandboxDriveItem(FileEntry entry, SandboxTarget place) => _item = new SandboxItem(entry, place);

    /// <summary>The last part of its path.</summary>
    public string Name => _item.Name;

    /// <summary>Its absolute path in the sandbox.</summary>
    public string FullName => _item.SandboxPath;

    /// <summary>The directory it lies in.</summary>
    public string Directory => _item.Directory;

    /// <summary>What it is; a link is not followed.</summary>
    public FileKind Type => _item.Type;

    /// <summary>How many bytes it holds.</summary>
    public long Length => _item.Length;

    /// <summary>When its content changed.</summary>
    public DateTimeOffset LastWriteTime => _item.LastWriteTime;

    /// <summary>Its permissions, octal.</summary>
    public string Mode => _item.Mode;

    /// <summary>Its kind and permissions, as <c>ls</c> shows them.</summary>
    public string UnixMode => _item.UnixMode;

    /// <summary>The number of its owner, as the sandbox counts users.</summary>
    public long Owner => _item.Owner;

    /// <summary>What a link says.</summary>
    public string? LinkTarget => _item.LinkTarget;

    /// <summary>What a link leads to in the end; null for one that leads nowhere.</summary>
    public FileKind? LinkTargetType => _item.LinkTargetType;

    /// <summary>Its sandbox.</summary>
    public string SandboxId => _item.SandboxId;

    /// <summary>The address of its server.</summary>
    public string Server => _item.Server;

    /// <inheritdoc />
    public override string ToString() => Name;
}

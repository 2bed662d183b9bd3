using System.Management.Automation;

namespace Sandbox;

/// <summary>A drive with the files of a sandbox.</summary>
/// <remarks>Its root and paths begin with its name, because a path must identify its drive and so its sandbox.</remarks>
public sealed class SandboxDriveInfo : PSDriveInfo
{
    internal SandboxDriveInfo(PSDriveInfo drive, SandboxTarget target, string root, ChangeCounter changes)
        : base(drive.Name, drive.Provider, drive.Name + (root == "/" ? "" : root), $"{target}: {root}", drive.Credential) =>
        (Target, Cache) = (target, new(changes));

    /// <summary>The sandbox.</summary>
    public string SandboxId => Target.SandboxId;

    /// <summary>The id of the session, if one was specified.</summary>
    public string? SessionId => Target.SessionId;

    /// <summary>The address of the server.</summary>
    public string Server => Target.Sandbox.Server;

    internal SandboxTarget Target { get; }

    internal ListingCache Cache { get; }

    /// <summary>Converts a path of the drive to a path in the sandbox.</summary>
    /// <param name="path">The path, which begins with the drive's name, or with a slash where it starts from the drive's root.</param>
    internal RemotePath RemotePathOf(string path) => path.StartsWith('/')
        ? RemotePathOf(Root + path)
        : new(Target, path.Length <= Name.Length ? "/" : "/" + path[(Name.Length + 1)..].Trim('/'));

    /// <summary>Converts a path in the sandbox to a path of the drive.</summary>
    /// <param name="path">The absolute path in the sandbox.</param>
    internal string PathOf(string path) => path == "/" ? Name : Name + path;
}

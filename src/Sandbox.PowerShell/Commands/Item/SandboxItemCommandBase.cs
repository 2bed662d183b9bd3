using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Base of cmdlets on files and directories of sandboxes: by <c>-Path</c>, which each cmdlet has, by <c>-LiteralPath</c>, or items from the
/// pipeline.</summary>
public abstract class SandboxItemCommandBase : SandboxTargetCommandBase
{
    internal const string PathSet = "Path";
    internal const string LiteralPathSet = "LiteralPath";
    internal const string ItemSet = "Item";

    /// <summary>The paths, without wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, HelpMessage = "Paths in the sandbox, without wildcards.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? LiteralPath { get; set; }

    /// <summary>Items of sandboxes.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ItemSet, HelpMessage = "Items of sandboxes.")]
    [ReferenceTransformation<SandboxItemReference>]
    [ValidateNotNullOrEmpty]
    public SandboxItemReference[]? Item { get; set; }

    /// <summary>The sessions: objects, ids, or <c>sandbox/session</c>. Relative paths start from their directories; without a session,
    /// from that of the session <c>default</c>, or from <c>/workspace</c>.</summary>
    [Parameter(ValueFromPipeline = true, ParameterSetName = PathSet, HelpMessage = "Sessions: objects or ids.")]
    [Parameter(ValueFromPipeline = true, ParameterSetName = LiteralPathSet, HelpMessage = "Sessions: objects or ids.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>Whether a pattern that matches nothing is an error.</summary>
    private protected virtual bool MustMatch => false;

    /// <summary>Resolves all patterns before acting on the first path. Literal paths are not checked yet.</summary>
    /// <param name="paths">What <c>-Path</c> says.</param>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    private protected IReadOnlyList<RemotePath> RemotePaths(string[]? paths, bool hidden) => [.. Resolve(paths, hidden).Select(found => found.Path)];

    /// <summary>Returns the existing items. Missing ones are reported.</summary>
    /// <inheritdoc cref="RemotePaths" />
    private protected IEnumerable<(RemotePath Path, FileEntry Entry)> Items(string[]? paths, bool hidden)
    {
        foreach ((RemotePath remote, FileEntry? known) in Resolve(paths, hidden))
        {
            FileEntry? entry = known;
            if (entry is not null || TryInvoke(remote.Display, token => remote.GetAsync(follow: false, token), out entry))
            {
                yield return (remote, entry);
            }
        }
    }

    private IReadOnlyList<(RemotePath Path, FileEntry? Entry)> Resolve(string[]? paths, bool hidden) => ParameterSetName == ItemSet
        ? [.. Item!.Select(item => (this.Locate(item), (FileEntry?)null))]
        : [.. this.Resolve(Session, SandboxesBeside(Session)).SelectMany(target => ParameterSetName == LiteralPathSet
            ? LiteralPath!.Select(path => (new RemotePath(target, path), (FileEntry?)null))
            : (paths ?? []).SelectMany(path => this.FindPaths(target, path, hidden, MustMatch)))];
}

/// <summary>Base of cmdlets on the files and directories that <c>-Path</c> names.</summary>
public abstract class SandboxPathCommandBase : SandboxItemCommandBase
{
    /// <summary>The paths in the sandbox.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, HelpMessage = "Paths in the sandbox.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string[]? Path { get; set; }
}

using System.Management.Automation;
using System.Management.Automation.Provider;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Drives that show the files of sandboxes: <c>New-PSDrive box Sandbox / -Session build</c>.</summary>
[OutputType(typeof(SandboxDriveItem), ProviderCmdlet = "Get-Item")]
[OutputType(typeof(SandboxDriveItem), ProviderCmdlet = "Get-ChildItem")]
[OutputType(typeof(SandboxDriveItem), ProviderCmdlet = "New-Item")]
[CmdletProvider("Sandbox", ProviderCapabilities.ShouldProcess | ProviderCapabilities.Filter)]
public sealed partial class SandboxProvider : NavigationCmdletProvider, IContentCmdletProvider, IDisposable
{
    private readonly ProviderRequests _requests;

    // The root of the tree that the engine walks.
    private string? _walked;

    /// <summary>Makes the provider, as the engine does for each use.</summary>
    public SandboxProvider() => _requests = new(() => Stopping, WriteWarning);

    /// <inheritdoc />
    public void Dispose() => _requests.Dispose();

    /// <inheritdoc />
    protected override void StopProcessing() => _requests.Stop();

    /// <summary>Whether a path is valid. Makes no request.</summary>
    protected override bool IsValidPath(string path) => !string.IsNullOrEmpty(path) && !path.Contains('\0');

    /// <summary>Whether an item exists. The engine treats an exception as no, so an item of an unreachable sandbox exists: the next operation fails with the
    /// reason.</summary>
    protected override bool ItemExists(string path)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath remote = drive.RemotePathOf(path);
        try
        {
            FileEntry? entry = _requests.Wait(token => remote.TryGetAsync(follow: false, token));
            if (entry is not null)
            {
                drive.Cache.Keep(remote.Path, entry);
            }

            return entry is not null;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            // Test-Path makes no further request.
            if (DynamicParameters is TestPathParameters)
            {
                WriteError(e.ErrorRecord);
                return false;
            }

            return true;
        }
    }

    /// <inheritdoc />
    protected override object ItemExistsDynamicParameters(string path) => new TestPathParameters();

    /// <summary>Whether an item is a directory or a link to one. The engine walks a tree for <c>-Recurse -Include</c> by this answer: then links, which may
    /// form a circle, do not count.</summary>
    protected override bool IsItemContainer(string path)
    {
        bool isBelow = _walked is not null && path.StartsWith(_walked, StringComparison.Ordinal) && path[_walked.Length..].StartsWith('/');
        _walked = isBelow ? _walked : path;
        return TryFind(path) is { } entry && (isBelow && IsWalkedByEngine ? entry.Type == FileKind.Directory : entry.IsContainer());
    }

    /// <summary>Whether a directory has items. True for an unreachable sandbox: the engine asks before it resolves a wildcard, and the listing that follows
    /// fails with the reason.</summary>
    protected override bool HasChildItems(string path)
    {
        try
        {
            return TryFind(path) is { } entry && entry.IsContainer() && List(path, hidden: true).Count > 0;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException && DynamicParameters is not RemoveParameters)
        {
            return true;
        }
    }

    /// <summary>Writes an item. For <c>Get-ChildItem -Recurse -Exclude</c> the engine calls it for each item, also those that a switch excludes.</summary>
    protected override void GetItem(string path)
    {
        if (TryFind(path) is { } entry && (!IsWalkedByEngine || IsSelected(entry)))
        {
            Write(entry, DriveOf(path));
        }
    }

    /// <inheritdoc />
    protected override void GetChildItems(string path, bool recurse) => GetChildItems(path, recurse, uint.MaxValue);

    /// <inheritdoc />
    protected override void GetChildItems(string path, bool recurse, uint depth)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath remote = drive.RemotePathOf(path);
        if (TryFind(path) is { } item && !item.IsContainer())
        {
            Write(item, drive);
            return;
        }

        ListOptions options = new()
        {
            Recursive = recurse,
            Depth = recurse && depth != uint.MaxValue ? depth : null,
            Filter = string.IsNullOrEmpty(Filter) ? null : ItemPattern.ToServer(Filter),
            Hidden = ListsHidden,
        };
        foreach (FileEntry entry in _requests.Each(token => remote.ListAsync(options, token)))
        {
            if (IsSelected(entry) && !PathCompletion.MustOmit(entry.Name()))
            {
                Write(entry, drive);
            }

            if (entry is { Error: { } sentence, ErrorCode: { } code })
            {
                WriteError(Errors.From(new ApiException(code, sentence), entry.Path));
            }
        }
    }

    /// <inheritdoc />
    protected override object GetChildItemsDynamicParameters(string path, bool recurse) => new ListParameters();

    /// <inheritdoc />
    protected override object GetChildNamesDynamicParameters(string path) => new ListParameters();

    /// <summary>Writes the names in a directory. Failures are written, not thrown: the engine, which resolves wildcards before it binds parameters, would
    /// hide them.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="returnContainers">Whether directories that do not match are returned too, for recursion.</param>
    protected override void GetChildNames(string path, ReturnContainers returnContainers)
    {
        SandboxDriveInfo drive = DriveOf(path);
        WildcardPattern? filter = string.IsNullOrEmpty(Filter) ? null : new(Filter);
        IReadOnlyList<FileEntry> entries;
        try
        {
            entries = List(path, ListsHidden);
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            WriteError(e.ErrorRecord);
            return;
        }

        foreach (FileEntry entry in entries)
        {
            string name = entry.Name();
            if (PathCompletion.MustOmit(name))
            {
                continue;
            }

            bool isAlwaysReturned = returnContainers == ReturnContainers.ReturnAllContainers && entry.IsContainer();
            if (isAlwaysReturned || (filter?.IsMatch(name) != false && IsSelected(entry)))
            {
                WriteItemObject(name, drive.PathOf(entry.ExactPath), entry.IsContainer());
            }
        }
    }

    // With -Include or -Exclude the engine walks a tree itself. Both are null for a script that calls the provider without a cmdlet.
    private bool IsWalkedByEngine => Include?.Count > 0 || Exclude?.Count > 0;

    // Names that begin with a dot are listed with either.
    private bool ListsHidden => Force || DynamicParameters is ListParameters { Hidden.IsPresent: true };

    private bool IsSelected(FileEntry entry) => DynamicParameters is not ListParameters parameters || parameters.Selects(entry);

    private FileEntry? TryFind(string path)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath remote = drive.RemotePathOf(path);
        return (Force ? null : drive.Cache.Find(remote.Path)) ?? _requests.Wait(token => remote.TryGetAsync(follow: false, token));
    }

    private IReadOnlyList<FileEntry> List(string path, bool hidden)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath remote = drive.RemotePathOf(path);
        if (!Force && drive.Cache.List(remote.Path, hidden) is { } kept)
        {
            return kept;
        }

        List<FileEntry> found = [.. _requests.Each(token => remote.ListAsync(new ListOptions { Hidden = hidden }, token))];
        drive.Cache.Keep(remote.Path, hidden, found);
        return found;
    }

    private void Write(FileEntry entry, SandboxDriveInfo drive) =>
        WriteItemObject(new SandboxDriveItem(entry, drive.Target.Sandbox), drive.PathOf(entry.ExactPath), entry.IsContainer());

    private RemotePath RemotePathOf(string path) => DriveOf(path).RemotePathOf(path);

    // Each path, also a PSPath, begins with the name of its drive, except a literal path of an item that does not exist yet.
    private SandboxDriveInfo DriveOf(string path)
    {
        int end = path.IndexOf('/');
        string name = end < 0 ? path : path[..end];
        if (PSDriveInfo is SandboxDriveInfo current && (name.Length == 0 || string.Equals(current.Name, name, StringComparison.OrdinalIgnoreCase)))
        {
            return current;
        }

        SandboxDriveInfo? found = SessionState.Drive.GetAllForProvider(ProviderInfo.Name).OfType<SandboxDriveInfo>()
            .FirstOrDefault(drive => string.Equals(drive.Name, name, StringComparison.OrdinalIgnoreCase));
        if (found is null)
        {
            ApiException failure = new(ErrorCodes.PathNotFound, $"'{path}' is not on a sandbox drive. Create one with New-PSDrive -PSProvider Sandbox.");
            throw ProviderRequests.Failure(Errors.From(failure, path));
        }

        return found;
    }
}

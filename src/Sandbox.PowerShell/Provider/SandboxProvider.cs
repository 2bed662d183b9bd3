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
public sealed class SandboxProvider : NavigationCmdletProvider, IContentCmdletProvider, IProviderContext, IDisposable
{
    private readonly ProviderRequests _requests;

    // The root of a tree that the engine may be walking.
    private string? _walked;

    /// <summary>Makes the provider, as the engine does for each use.</summary>
    public SandboxProvider() => _requests = new(() => Stopping);

    /// <inheritdoc />
    public void Dispose() => _requests.Dispose();

    /// <inheritdoc />
    T IProviderContext.Wait<T>(Func<CancellationToken, Task<T>> request) => _requests.Wait(request);

    /// <inheritdoc />
    void IProviderContext.Finish(string path, Func<CancellationToken, Task> request)
    {
        // Set-Content ends what it wrote also when Ctrl+C cut it, perhaps before it is told so itself; but a command that is stopped may not say anything, and this ends it.
        WriteDebug($"Writing '{path}'.");
        if (_requests.Try(path, request) is { } error)
        {
            // Set-Content does not listen to what is thrown at its end; it alone has parameters.
            if (DynamicParameters is null)
            {
                throw ProviderRequests.Failure(error);
            }

            WriteError(error);
        }
    }

    /// <inheritdoc />
    public object GetContentReaderDynamicParameters(string path) => new ReadContentParameters();

    /// <inheritdoc />
    public IContentReader GetContentReader(string path) => new DriveContentReader(this, PlaceOf(path), DynamicParameters as ReadContentParameters ?? new());

    /// <inheritdoc />
    public object GetContentWriterDynamicParameters(string path) => new WriteContentParameters();

    /// <inheritdoc />
    public IContentWriter GetContentWriter(string path) => new DriveContentWriter(this, path, PlaceOf(path), DynamicParameters as WriteContentParameters ?? new(), Force);

    /// <inheritdoc />
    public object? ClearContentDynamicParameters(string path) => null;

    /// <summary>Empties a file. Set-Content asks for that before it writes, and alone has parameters: it replaces the file as a whole, when all has come.</summary>
    /// <param name="path">The file.</param>
    public void ClearContent(string path)
    {
        if (DynamicParameters is not WriteContentParameters)
        {
            Do(path, "Clear content", async (place, token) =>
            {
                if (await place.TryGetAsync(follow: true, token) is not null)
                {
                    await place.WriteAsync(Stream.Null, new WriteOptions(), token);
                }
            });
        }
    }

    /// <inheritdoc />
    protected override void StopProcessing() => _requests.Stop();

    /// <inheritdoc />
    protected override object NewDriveDynamicParameters() => new NewDriveParameters();

    /// <inheritdoc />
    protected override PSDriveInfo NewDrive(PSDriveInfo drive)
    {
        ArgumentNullException.ThrowIfNull(drive);
        if (drive is SandboxDriveInfo known)
        {
            return known;
        }

        SandboxTarget target = TargetOf(DynamicParameters as NewDriveParameters ?? new());
        string root = RootOf(drive);
        FileEntry entry = _requests.Wait(token => new RemotePath(target, root).GetAsync(follow: true, token));
        if (entry.Type != FileKind.Directory)
        {
            throw ProviderRequests.Failure(Errors.From(new ApiException(ErrorCodes.NotADirectory, $"'{root}' is not a directory in the sandbox, so it cannot be the root of a drive."), root));
        }

        // From now on this very sandbox: it is not created again after its removal.
        return new SandboxDriveInfo(drive, new SandboxTarget(target.Client, target.SandboxId, target.SessionId), entry.ExactPath, ModuleState.Current.Changes);
    }

    // In a drive of a sandbox the engine completes a relative root by the location: then it begins with that drive's name.
    private string RootOf(PSDriveInfo drive)
    {
        string root = drive.Root.Length == 0 ? "/" : drive.Root;
        return SessionState.Drive.Current is SandboxDriveInfo current && root.StartsWith(current.Name + "/", StringComparison.OrdinalIgnoreCase) ? current.PlaceOf(root).Path : root;
    }

    /// <summary>Takes a drive away; the sandbox, which may be gone, is not asked.</summary>
    /// <param name="drive">The drive.</param>
    protected override PSDriveInfo RemoveDrive(PSDriveInfo drive) => drive;

    /// <summary>Whether a path could be one; no request is made.</summary>
    /// <param name="path">The path.</param>
    protected override bool IsValidPath(string path) => !string.IsNullOrEmpty(path) && !path.Contains('\0');

    /// <summary>Whether there is an item. The engine takes whatever this throws for a no, so one whose sandbox does not answer is said to be there: what is then asked of it fails with the reason.</summary>
    /// <param name="path">The path.</param>
    protected override bool ItemExists(string path)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath place = drive.PlaceOf(path);
        try
        {
            FileEntry? entry = _requests.Wait(token => place.TryGetAsync(follow: false, token));
            if (entry is not null)
            {
                drive.Cache.Keep(place.Path, entry);
            }

            return entry is not null;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            // Test-Path needs nothing else.
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

    /// <summary>Whether there is a directory, or a link to one. For <c>-Recurse -Include</c> the engine walks a tree by asking this, and links in it, which may lead in a circle, are not walked into.</summary>
    /// <param name="path">The path.</param>
    protected override bool IsItemContainer(string path)
    {
        bool isBelow = _walked is not null && path.StartsWith(_walked, StringComparison.Ordinal) && path[_walked.Length..].StartsWith('/');
        _walked = isBelow ? _walked : path;
        return TryFind(path) is { } entry && (isBelow && IsWalkedByEngine ? entry.Type == FileKind.Directory : IsDirectory(entry));
    }

    /// <summary>Whether there is something in a directory. One whose sandbox does not answer is said to have something: the engine asks before it resolves a wildcard, and the listing that follows fails with the reason.</summary>
    /// <param name="path">The directory.</param>
    protected override bool HasChildItems(string path)
    {
        try
        {
            return TryFind(path) is { } entry && IsDirectory(entry) && List(path, hidden: true).Count > 0;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException && DynamicParameters is not RemoveParameters)
        {
            return true;
        }
    }

    /// <inheritdoc />
    protected override object RemoveItemDynamicParameters(string path, bool recurse) => new RemoveParameters();

    /// <summary>Writes an item. For <c>Get-ChildItem -Recurse -Exclude</c> the engine asks for each below, also those that a switch leaves out.</summary>
    /// <param name="path">The path.</param>
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
        RemotePath place = drive.PlaceOf(path);
        if (TryFind(path) is { } item && !IsDirectory(item))
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
        foreach (FileEntry entry in _requests.Each(token => place.ListAsync(options, token)))
        {
            if (IsSelected(entry))
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

    /// <summary>Writes the names in a directory. A failure is written, not thrown: the engine also resolves wildcards before it binds parameters, and would hide the reason.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="returnContainers">Whether directories that do not match are wanted too, to be walked into.</param>
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
            string name = NameOf(entry);
            bool isAlwaysReturned = returnContainers == ReturnContainers.ReturnAllContainers && IsDirectory(entry);
            if (isAlwaysReturned || (filter?.IsMatch(name) != false && IsSelected(entry)))
            {
                WriteItemObject(name, drive.PathOf(entry.ExactPath), IsDirectory(entry));
            }
        }
    }

    /// <inheritdoc />
    protected override void NewItem(string path, string itemTypeName, object newItemValue)
    {
        string text = newItemValue is null ? "" : LanguagePrimitives.ConvertTo<string>(newItemValue);
        string kind = (itemTypeName ?? "").ToUpperInvariant();
        Func<RemotePath, CancellationToken, Task>? make = kind switch
        {
            "DIRECTORY" or "CONTAINER" => (place, token) => place.MakeDirectoryAsync(isNew: !Force, token),
            "SYMBOLICLINK" => (place, token) => place.MakeLinkAsync(text, token),
            "" or "FILE" or "LEAF" => async (place, token) =>
            {
                using MemoryStream content = new(EncodingTransformationAttribute.Default.GetBytes(text));
                await place.WriteAsync(content, new WriteOptions { IsNew = !Force, Parents = Force }, token);
            },
            _ => null,
        };
        if (make is null)
        {
            WriteError(Errors.InvalidArgument($"The item type '{itemTypeName}' is not supported. Use File, Directory or SymbolicLink.", itemTypeName));
        }
        else if (Do(path, $"Create {(kind.Length == 0 ? "file" : itemTypeName)}", make))
        {
            GetItem(path);
        }
    }

    /// <inheritdoc />
    protected override void RemoveItem(string path, bool recurse) => Do(path, "Remove item", (place, token) => place.RemoveAsync(recurse, token));

    /// <inheritdoc />
    protected override void RenameItem(string path, string newName)
    {
        if (string.IsNullOrEmpty(newName) || newName.Contains('/'))
        {
            WriteError(Errors.InvalidArgument($"'{newName}' is not a valid name. Use Move-Item to move an item to another path.", newName));
            return;
        }

        MoveTo(path, _ => PlaceOf(MakePath(GetParentPath(path, ""), newName)), $"Rename to '{newName}'");
    }

    /// <inheritdoc />
    protected override void MoveItem(string path, string destination) =>
        MoveTo(path, place => _requests.Wait(token => PlaceOf(destination).WithNameAsync(place.Path[(place.Path.LastIndexOf('/') + 1)..], token)), $"Move to '{destination}'");

    /// <inheritdoc />
    protected override void CopyItem(string path, string copyPath, bool recurse) => Do(path, $"Copy to '{copyPath}'", async (place, token) =>
    {
        RequireSameSandbox(place, PlaceOf(copyPath));
        RemotePath copy = await PlaceOf(copyPath).WithNameAsync(place.Path[(place.Path.LastIndexOf('/') + 1)..], token);
        if (!recurse && (await place.GetAsync(follow: true, token)).Type == FileKind.Directory)
        {
            // As Copy-Item does it: the directory alone.
            await copy.MakeDirectoryAsync(isNew: false, token);
        }
        else
        {
            await place.CopyAsync(copy.Path, token);
        }
    });

    // It walks a tree itself where it has to look at each name. A script that calls the provider without a cmdlet gives neither.
    private bool IsWalkedByEngine => Include?.Count > 0 || Exclude?.Count > 0;

    // Names that begin with a dot are listed with either.
    private bool ListsHidden => Force || DynamicParameters is ListParameters { Hidden.IsPresent: true };

    private bool IsSelected(FileEntry entry) =>
        DynamicParameters is not ListParameters only
        || ((!only.File || !IsDirectory(entry)) && (!only.Directory || IsDirectory(entry)) && (!only.Hidden || NameOf(entry).StartsWith('.')));

    private static bool IsDirectory(FileEntry entry) => (entry.TargetType ?? entry.Type) == FileKind.Directory;

    private static string NameOf(FileEntry entry) => entry.ExactPath[(entry.ExactPath.LastIndexOf('/') + 1)..];

    private static void RequireSameSandbox(RemotePath from, RemotePath to)
    {
        if (from.Target.SandboxId != to.Target.SandboxId || from.Target.Client.Server != to.Target.Client.Server)
        {
            throw new ApiException(ErrorCodes.Unsupported, "Source and destination are in different sandboxes. Use Copy-SandboxItem.");
        }
    }

    private void MoveTo(string path, Func<RemotePath, RemotePath> destination, string action)
    {
        RemotePath? moved = null;
        if (Do(path, action, (place, token) =>
        {
            moved = destination(place);
            RequireSameSandbox(place, moved);
            return place.MoveAsync(moved.Path, Force, token);
        }))
        {
            FileEntry entry = _requests.Wait(token => moved!.GetAsync(follow: false, token));
            Write(entry, DriveOf(path));
        }
    }

    // Report the failure and continue with the other items.
    private bool Do(string path, string action, Func<RemotePath, CancellationToken, Task> request)
    {
        RemotePath place = PlaceOf(path);
        if (!ShouldProcess($"{place.Target}: {place.Display}", action))
        {
            return false;
        }

        ErrorRecord? error = _requests.Try(path, token => request(place, token));
        if (error is not null)
        {
            WriteError(error);
        }

        return error is null;
    }

    private FileEntry? TryFind(string path)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath place = drive.PlaceOf(path);
        return (Force ? null : drive.Cache.Find(place.Path)) ?? _requests.Wait(token => place.TryGetAsync(follow: false, token));
    }

    private IReadOnlyList<FileEntry> List(string path, bool hidden)
    {
        SandboxDriveInfo drive = DriveOf(path);
        RemotePath place = drive.PlaceOf(path);
        if (!Force && drive.Cache.List(place.Path, hidden) is { } kept)
        {
            return kept;
        }

        List<FileEntry> found = [.. _requests.Each(token => place.ListAsync(new ListOptions { Hidden = hidden }, token))];
        drive.Cache.Keep(place.Path, hidden, found);
        return found;
    }

    private void Write(FileEntry entry, SandboxDriveInfo drive) => WriteItemObject(new SandboxDriveItem(entry, drive.Target), drive.PathOf(entry.ExactPath), IsDirectory(entry));

    private RemotePath PlaceOf(string path) => DriveOf(path).PlaceOf(path);

    // Each path begins with its drive's name, also one that came back as PSPath; but for one that is taken literally and is not there yet.
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
            throw ProviderRequests.Failure(Errors.From(new ApiException(ErrorCodes.PathNotFound, $"'{path}' is not on a sandbox drive. Create one with New-PSDrive -PSProvider Sandbox."), path));
        }

        return found;
    }

    private SandboxTarget TargetOf(NewDriveParameters parameters)
    {
        SessionReference? session = Single(parameters.Session);
        SandboxReference? sandbox = Single(parameters.Sandbox);
        if (session?.SandboxId is { } own && sandbox is not null && own != sandbox.Id)
        {
            throw ProviderRequests.Failure(Errors.SandboxMismatch(session, sandbox));
        }

        ModuleState state = ModuleState.Current;
        SandboxClient client = ClientOf(state, session?.Server ?? sandbox?.Server);
        return (session?.SandboxId ?? sandbox?.Id) is { } id
            ? new SandboxTarget(client, id, session?.Id)
            : new SandboxTarget(client, state.DefaultSandbox, session?.Id, warnings => Warn(state, warnings));
    }

    private static T? Single<T>(T[]? references)
        where T : class
    {
        if (references is { Length: > 1 })
        {
            throw ProviderRequests.Failure(Errors.InvalidArgument("A drive has exactly one sandbox and session.", null));
        }

        return references?[0];
    }

    private SandboxClient ClientOf(ModuleState state, string? server) => _requests.Wait(async token =>
        (server is null ? await state.Clients.GetDefaultAsync(state.Connection, _ => { }, token) : state.Clients.Get(server)).WithTrace(state.Changes.Note));

    private void Warn(ModuleState state, IEnumerable<string>? warnings)
    {
        foreach (string warning in state.Warnings.TakeNew(warnings))
        {
            WriteWarning(warning);
        }
    }
}

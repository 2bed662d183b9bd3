using System.Runtime.CompilerServices;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A path in a sandbox. A relative path starts from the directory of the session.</summary>
/// <param name="Owner">The sandbox or session, which may be created on first use.</param>
/// <param name="Path">The path, taken literally.</param>
internal sealed record RemotePath(SandboxTarget Owner, string Path)
{
    /// <summary>The default directory of a sandbox.</summary>
    public const string Workspace = "/workspace";

    /// <summary>The path for people.</summary>
    public string Display => DisplayText.Clean(PathText.ToDisplay(Path));

    /// <inheritdoc />
    public override string ToString() => $"{Target}: {Display}";

    /// <summary>The sandbox or session.</summary>
    public SandboxHandle Target => Owner.Sandbox;

    /// <summary>Returns the item.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    public Task<FileEntry> GetAsync(bool follow, CancellationToken cancellationToken) =>
        UseAsync(item => item.GetAsync(follow, cancellationToken), cancellationToken);

    /// <summary>Returns the item; null if there is none.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    public async Task<FileEntry?> TryGetAsync(bool follow, CancellationToken cancellationToken)
    {
        try
        {
            return await GetAsync(follow, cancellationToken);
        }
        catch (ApiException e) when (e.Code is ErrorCodes.PathNotFound or ErrorCodes.NotADirectory)
        {
            return null;
        }
    }

    /// <summary>Returns the item as an object.</summary>
    public async Task<SandboxItem> ToItemAsync(CancellationToken cancellationToken) => new(await GetAsync(follow: false, cancellationToken), Target);

    /// <summary>Lists the directory.</summary>
    /// <param name="options">The options.</param>
    public IAsyncEnumerable<FileEntry> ListAsync(ListOptions options, CancellationToken cancellationToken) =>
        BeginAsync(item => item.ListAsync(options, cancellationToken), cancellationToken);

    /// <summary>Returns the items that match the path as a pattern in the server's syntax.</summary>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    public IAsyncEnumerable<FileEntry> FindAsync(bool hidden, CancellationToken cancellationToken) =>
        BeginAsync(item => item.FindAsync(hidden, cancellationToken), cancellationToken);

    /// <summary>Watches the item. The first change is null and means that the watch has started.</summary>
    /// <param name="recursive">Whether subdirectories are watched too.</param>
    /// <param name="filter">The name pattern in the server's syntax; null for all.</param>
    /// <param name="excludes">Patterns of what is not reported.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public IAsyncEnumerable<FileChange?> WatchAsync(
        bool recursive, string? filter, IReadOnlyList<string> excludes, CancellationToken cancellationToken) =>
        BeginAsync(item => item.WatchAsync(recursive, filter, excludes, cancellationToken), cancellationToken);

    /// <summary>Opens the file.</summary>
    /// <param name="offset">The start offset; a negative number counts from the end.</param>
    public Task<SandboxFileStream> OpenAsync(long offset, CancellationToken cancellationToken) =>
        UseAsync(item => item.OpenAsync(offset, null, cancellationToken), cancellationToken);

    /// <summary>Writes the file, which may be new.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<FileWritten> WriteAsync(Stream source, WriteOptions options, CancellationToken cancellationToken)
    {
        long begin = source.CanSeek ? source.Position : 0;
        return UseAsync(item =>
        {
            // A missing default sandbox may be noticed after a part was read.
            if (source.CanSeek)
            {
                source.Position = begin;
            }

            return item.WriteAsync(source, options, cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Creates a directory.</summary>
    /// <param name="isNew">Whether an existing one is an error.</param>
    public Task MakeDirectoryAsync(bool isNew, CancellationToken cancellationToken) =>
        UseAsync(item => item.CreateDirectoryAsync(isNew, cancellationToken), cancellationToken);

    /// <summary>Creates a link.</summary>
    /// <param name="target">The target of the link.</param>
    public Task MakeLinkAsync(string target, CancellationToken cancellationToken) =>
        UseAsync(item => item.CreateLinkAsync(target, cancellationToken), cancellationToken);

    /// <summary>Removes the item.</summary>
    /// <param name="recursive">Whether a directory is removed with its content.</param>
    public Task RemoveAsync(bool recursive, CancellationToken cancellationToken) =>
        UseAsync(item => item.RemoveAsync(recursive, cancellationToken), cancellationToken);

    /// <summary>Moves the item.</summary>
    /// <param name="destination">Its new path.</param>
    /// <param name="overwrite">Whether an existing file is replaced.</param>
    public Task MoveAsync(string destination, bool overwrite, CancellationToken cancellationToken) =>
        UseAsync(item => item.MoveAsync(destination, overwrite, cancellationToken), cancellationToken);

    /// <summary>Copies the item within the sandbox.</summary>
    /// <param name="destination">The copy's path.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task CopyAsync(string destination, CancellationToken cancellationToken) =>
        UseAsync(item => item.CopyAsync(destination, recursive: true, overwrite: true, cancellationToken), cancellationToken);

    /// <summary>Opens the directory as an archive.</summary>
    /// <param name="options">The options.</param>
    public Task<ArchiveStream> OpenArchiveAsync(ArchiveOptions options, CancellationToken cancellationToken) =>
        UseAsync(item => item.OpenArchiveAsync(options, cancellationToken), cancellationToken);

    /// <summary>Extracts an archive into the directory and merges it with its content.</summary>
    /// <param name="archive">Writes the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task RestoreAsync(Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        UseAsync(item => item.RestoreArchiveAsync(replace: false, archive, cancellationToken), cancellationToken);

    /// <summary>Replaces the content of the directory by that of an archive.</summary>
    /// <param name="archive">Writes the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task ReplaceAsync(Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        UseAsync(item => item.RestoreArchiveAsync(replace: true, archive, cancellationToken), cancellationToken);

    /// <summary>Returns the path of a copied or moved item whose destination this is: in an existing directory, otherwise this path.</summary>
    /// <param name="name">The name.</param>
    public async Task<RemotePath> WithNameAsync(string name, CancellationToken cancellationToken)
    {
        if (await TryGetAsync(follow: true, cancellationToken) is { Type: FileKind.Directory })
        {
            return this with { Path = Path.EndsWith('/') ? Path + name : $"{Path}/{name}" };
        }

        return Path.EndsWith('/') ? throw new ApiException(ErrorCodes.PathNotFound, $"There is no directory '{Display}'.") : this;
    }

    /// <summary>Returns the path of the copy of an item whose destination this is. A directory is merged with one that is there, so that the same copy
    /// again changes nothing.</summary>
    /// <param name="name">The name of the item.</param>
    /// <param name="goesInto">Whether it goes into a directory that is there under its name in any case.</param>
    public Task<RemotePath> ForCopyAsync(string name, bool goesInto, CancellationToken cancellationToken) =>
        goesInto || CopyDestination.NamesContainer(Path) || CopyDestination.OfEverySandbox.Contains(Path)
            ? WithNameAsync(name, cancellationToken)
            : Task.FromResult(this);

    /// <summary>Returns the last part of the path; empty for <c>/</c>. If that is <c>.</c> or <c>..</c>, or the path is <c>~</c>,
    /// the sandbox is asked for the directory's name.</summary>
    /// <exception cref="ApiException">The sandbox gave a name that none can have.</exception>
    public async Task<string> NameAsync(CancellationToken cancellationToken)
    {
        string path = Path.TrimEnd('/');
        string name = path[(path.LastIndexOf('/') + 1)..];
        bool isNameless = path.Length > 0 && (path == "~" || name is "" or "." or "..");
        return isNameless ? LocalFile.NameOf((await GetAsync(follow: false, cancellationToken)).Name()) : name;
    }

    private Task<T> UseAsync<T>(Func<ItemHandle, Task<T>> action, CancellationToken cancellationToken) =>
        Owner.UseAsync(sandbox => action(sandbox.Item(Path)), cancellationToken);

    private Task<bool> UseAsync(Func<ItemHandle, Task> action, CancellationToken cancellationToken) => UseAsync(async item =>
    {
        await action(item);
        return true;
    }, cancellationToken);

    // The first item shows whether the sandbox exists.
    private async IAsyncEnumerable<T> BeginAsync<T>(Func<ItemHandle, IAsyncEnumerable<T>> source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<T>? items = null;
        try
        {
            bool more = await UseAsync(item =>
            {
                items = source(item).GetAsyncEnumerator(cancellationToken);
                return items.MoveNextAsync().AsTask();
            }, cancellationToken);
            while (more)
            {
                yield return items!.Current;
                more = await items.MoveNextAsync();
            }
        }
        finally
        {
            if (items is not null)
            {
                await items.DisposeAsync();
            }
        }
    }
}

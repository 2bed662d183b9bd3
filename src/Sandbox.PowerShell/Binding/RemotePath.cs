using System.Runtime.CompilerServices;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>A path in a sandbox. A relative path starts from the directory of the session.</summary>
/// <param name="Target">The sandbox, or the session in it.</param>
/// <param name="Path">The path, taken literally.</param>
internal sealed record RemotePath(SandboxTarget Target, string Path)
{
    /// <summary>The default directory of a sandbox.</summary>
    public const string Workspace = "/workspace";

    /// <summary>The path for people.</summary>
    public string Display => PathText.ToDisplay(Path);

    /// <inheritdoc />
    public override string ToString() => $"{Target}: {Display}";

    private SandboxClient Client => Target.Client;

    private string Sandbox => Target.SandboxId;

    private string? Session => Target.SessionId;

    /// <summary>What is there.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<FileEntry> GetAsync(bool follow, CancellationToken cancellationToken) =>
        Target.UseAsync(() => Client.GetItemAsync(Sandbox, Session, Path, follow, cancellationToken), cancellationToken);

    /// <summary>What is there; null when nothing is.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
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

    /// <summary>What is there, as the object for it.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<SandboxItem> ToItemAsync(CancellationToken cancellationToken) => new(await GetAsync(follow: false, cancellationToken), Target);

    /// <summary>What is in the directory that is there.</summary>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public IAsyncEnumerable<FileEntry> ListAsync(ListOptions options, CancellationToken cancellationToken) =>
        BeginAsync(() => Client.ListDirectoryAsync(Sandbox, Session, Path, options, cancellationToken), cancellationToken);

    /// <summary>What the path finds as a pattern of the sandbox's form.</summary>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public IAsyncEnumerable<FileEntry> FindAsync(bool hidden, CancellationToken cancellationToken) =>
        BeginAsync(() => Client.FindItemsAsync(Sandbox, Session, Path, hidden, cancellationToken), cancellationToken);

    /// <summary>What changes there; the first is null, when the watch has begun.</summary>
    /// <param name="recursive">Whether what is below is watched too.</param>
    /// <param name="filter">The pattern of names, in the sandbox's form; null for all.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public IAsyncEnumerable<FileChange?> WatchAsync(bool recursive, string? filter, CancellationToken cancellationToken) =>
        BeginAsync(() => Client.WatchAsync(Sandbox, Session, Path, recursive, filter, cancellationToken), cancellationToken);

    /// <summary>Opens the file that is there.</summary>
    /// <param name="offset">The start offset; a negative number counts from the end.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SandboxFileStream> OpenAsync(long offset, CancellationToken cancellationToken) =>
        Target.UseAsync(() => Client.OpenFileAsync(Sandbox, Session, Path, offset, null, cancellationToken), cancellationToken);

    /// <summary>Writes the file that is there, or is to be.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task<FileWritten> WriteAsync(Stream source, WriteOptions options, CancellationToken cancellationToken)
    {
        long begin = source.CanSeek ? source.Position : 0;
        return Target.UseAsync(() =>
        {
            // That the sandbox of first use is not made yet shows when the bytes are on their way.
            if (source.CanSeek)
            {
                source.Position = begin;
            }

            return Client.WriteFileAsync(Sandbox, Session, Path, source, options, cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Makes a directory there.</summary>
    /// <param name="isNew">Whether one that exists is an error.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task MakeDirectoryAsync(bool isNew, CancellationToken cancellationToken) =>
        UseAsync(() => Client.CreateDirectoryAsync(Sandbox, Session, Path, isNew, cancellationToken), cancellationToken);

    /// <summary>Makes a link there.</summary>
    /// <param name="target">The target of the link.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task MakeLinkAsync(string target, CancellationToken cancellationToken) =>
        UseAsync(() => Client.CreateLinkAsync(Sandbox, Session, Path, target, cancellationToken), cancellationToken);

    /// <summary>Removes what is there.</summary>
    /// <param name="recursive">Whether a directory is removed with its content.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveAsync(bool recursive, CancellationToken cancellationToken) =>
        UseAsync(() => Client.RemoveItemAsync(Sandbox, Session, Path, recursive, cancellationToken), cancellationToken);

    /// <summary>Moves what is there.</summary>
    /// <param name="destination">Its new path.</param>
    /// <param name="overwrite">Whether it takes the place of a file.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task MoveAsync(string destination, bool overwrite, CancellationToken cancellationToken) =>
        UseAsync(() => Client.MoveItemAsync(Sandbox, Session, Path, destination, overwrite, cancellationToken), cancellationToken);

    /// <summary>Copies what is there, within the sandbox.</summary>
    /// <param name="destination">The copy's path.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task CopyAsync(string destination, CancellationToken cancellationToken) =>
        UseAsync(() => Client.CopyItemAsync(Sandbox, Session, Path, destination, recursive: true, overwrite: true, cancellationToken), cancellationToken);

    /// <summary>Opens the directory that is there as an archive.</summary>
    /// <param name="excludes">Patterns of the sandbox's form.</param>
    /// <param name="partial">Whether what may not be read is told in the archive; otherwise it is a failure.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<Stream> OpenArchiveAsync(IEnumerable<string> excludes, bool partial, CancellationToken cancellationToken) =>
        Target.UseAsync(() => Client.OpenArchiveAsync(Sandbox, Session, Path, excludes, partial, cancellationToken), cancellationToken);

    /// <summary>Makes a directory of an archive there, or merges it into the one that is there.</summary>
    /// <param name="archive">Writes the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task RestoreAsync(Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        UseAsync(() => Client.RestoreArchiveAsync(Sandbox, Session, Path, replace: false, archive, cancellationToken), cancellationToken);

    /// <summary>Makes the directory that is there, or is to be, what an archive holds: all else that is in it goes.</summary>
    /// <param name="archive">Writes the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task ReplaceAsync(Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        UseAsync(() => Client.RestoreArchiveAsync(Sandbox, Session, Path, replace: true, archive, cancellationToken), cancellationToken);

    /// <summary>Where something goes whose destination this is: into a directory that is there, under its name; else to this very path.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<RemotePath> WithNameAsync(string name, CancellationToken cancellationToken)
    {
        if (await TryGetAsync(follow: true, cancellationToken) is { Type: FileKind.Directory })
        {
            return this with { Path = Path.EndsWith('/') ? Path + name : $"{Path}/{name}" };
        }

        return Path.EndsWith('/') ? throw new ApiException(ErrorCodes.PathNotFound, $"There is no directory '{Display}'.") : this;
    }

    /// <summary>The last part of the path; of one that ends in dots, that of the path which it means.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<string> NameAsync(CancellationToken cancellationToken)
    {
        string name = Path.TrimEnd('/') is var trimmed ? trimmed[(trimmed.LastIndexOf('/') + 1)..] : "";
        return name is "" or "." or ".." ? (await GetAsync(follow: false, cancellationToken)).Name() : name;
    }

    private Task<bool> UseAsync(Func<Task> action, CancellationToken cancellationToken) => Target.UseAsync(async () =>
    {
        await action();
        return true;
    }, cancellationToken);

    // The first item shows whether there is a sandbox at all.
    private async IAsyncEnumerable<T> BeginAsync<T>(Func<IAsyncEnumerable<T>> source, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<T>? items = null;
        try
        {
            bool more = await Target.UseAsync(() =>
            {
                items = source().GetAsyncEnumerator(cancellationToken);
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

using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A file, directory or link, by path; it may not exist.</summary>
/// <param name="Sandbox">Its sandbox, and the session from whose directory a relative path starts.</param>
/// <param name="Path">Its path; its form is that of <see cref="PathText"/>.</param>
public sealed record ItemHandle(SandboxHandle Sandbox, string Path)
{
    // Bodies of this size and more use Expect: 100-continue, so that a rejected body is not sent.
    private const long LargeBody = 1024 * 1024;

    /// <summary>Returns the item.</summary>
    /// <param name="follow">Whether a link is followed.</param>
    public Task<FileEntry> GetAsync(bool follow, CancellationToken cancellationToken) =>
        Client.ReadAsync(At(Routes.FindItem).With("follow", follow), ProtocolJson.Default.FileEntry, cancellationToken);

    /// <summary>Returns the items that match the path as a pattern. Each part of the path may contain <c>*</c>, <c>?</c>, <c>[a-z]</c> or <c>[!a]</c>;
    /// a backslash escapes the next character.</summary>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    public IAsyncEnumerable<FileEntry> FindAsync(bool hidden, CancellationToken cancellationToken) =>
        ReadEntriesAsync(Sandbox.AtSession(Routes.FindItem).With("pattern", Path).With("hidden", hidden), cancellationToken);

    /// <summary>Streams the content of the directory, sorted by name within each directory.</summary>
    /// <param name="options">The options.</param>
    public IAsyncEnumerable<FileEntry> ListAsync(ListOptions options, CancellationToken cancellationToken) =>
        ReadEntriesAsync(
            At(Routes.ListDirectory).With("recursive", options.Recursive).With("depth", options.Depth)
                .With("filter", options.Filter).With("hidden", options.Hidden).WithExcludes(options.Excludes, options.Root) with { Wake = options.Wake },
            cancellationToken);

    /// <summary>Opens the file for reading. A broken connection is resumed while the file is unchanged.</summary>
    /// <param name="offset">The start offset; a negative number counts from the end.</param>
    /// <param name="length">The maximum number of bytes; null for all.</param>
    /// <param name="cancellationToken">Cancels the request and reading.</param>
    public async Task<SandboxFileStream> OpenAsync(long offset, long? length, CancellationToken cancellationToken)
    {
        async Task<HttpResponseMessage> Request(long from, long? count, string? version, CancellationToken cancellationToken) => await Client.OpenAsync(
            () =>
            {
                HttpRequestMessage message = At(Routes.ReadFile).With("offset", from).With("length", count).ToMessage();
                if (version is not null)
                {
                    message.Headers.TryAddWithoutValidation("If-Match", version);
                }

                return message;
            },
            cancellationToken);
        return await SandboxFileStream.OpenAsync(Client.Server, Request, offset, length, Client.Limits, cancellationToken);
    }

    /// <summary>Replaces the file atomically, or appends to it. A replacement from a seekable source is resumed after a broken connection.</summary>
    /// <param name="source">The source, read from its current position.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the operation; the file is then unchanged.</param>
    /// <exception cref="ApiException">For example <see cref="ErrorCodes.DiskFull"/>; the file is then unchanged.</exception>
    public Task<FileWritten> WriteAsync(Stream source, WriteOptions options, CancellationToken cancellationToken)
    {
        RequestAddress address = At(Routes.WriteFile).With("mode", options.Mode)
            .With("modifiedAt", options.ModifiedAt?.ToString("O", CultureInfo.InvariantCulture))
            .With("parents", options.Parents).With("append", options.Append);
        if (options.Append || !source.CanSeek)
        {
            return PutAsync(address, () => new PushStreamContent(source.CopyToAsync), options, isLarge: true, cancellationToken);
        }

        return new ResumingUpload(
            source,
            new Backoff(Client.Limits.Resume),
            (id, offset, content, token) =>
                PutAsync(address.With("upload", id).With("offset", offset), content, options, source.Length - source.Position > LargeBody, token),
            (id, token) => Client.OpenAsync(
                (At(Routes.ReadFile).With("upload", id) with { Method = HttpMethod.Head }).ToMessage, token)).RunAsync(cancellationToken);
    }

    /// <summary>Removes the item.</summary>
    /// <param name="recursive">Whether a directory is removed with its content.</param>
    public Task RemoveAsync(bool recursive, CancellationToken cancellationToken) =>
        Client.UploadAsync(At(Routes.DeleteFile).With("recursive", recursive).ToMessage, cancellationToken);

    /// <summary>Creates the directory and its missing parents.</summary>
    /// <param name="isNew">Whether an existing directory is <see cref="ErrorCodes.PathExists"/>.</param>
    public Task CreateDirectoryAsync(bool isNew, CancellationToken cancellationToken) =>
        Client.SendAsync(
            () =>
            {
                HttpRequestMessage message = At(Routes.CreateDirectory).ToMessage();
                if (isNew)
                {
                    message.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
                }

                return message;
            },
            cancellationToken);

    /// <summary>Creates a symbolic link at the path.</summary>
    /// <param name="target">The target of the link.</param>
    public Task CreateLinkAsync(string target, CancellationToken cancellationToken) =>
        Client.SendAsync(At(Routes.CreateLink).With("target", target).ToMessage, cancellationToken);

    /// <summary>Moves the item to exactly this path.</summary>
    /// <param name="destination">The new path.</param>
    /// <param name="overwrite">Whether an existing file or empty directory is replaced.</param>
    public Task MoveAsync(string destination, bool overwrite, CancellationToken cancellationToken) =>
        Client.UploadAsync(At(Routes.MoveItem).With("destination", destination).With("overwrite", overwrite).ToMessage, cancellationToken);

    /// <summary>Copies the item within the sandbox to exactly this path.</summary>
    /// <param name="destination">The copy's path.</param>
    /// <param name="recursive">Whether a directory is copied with its content.</param>
    /// <param name="overwrite">Whether an existing file or empty directory is replaced.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task CopyAsync(string destination, bool recursive, bool overwrite, CancellationToken cancellationToken) =>
        Client.UploadAsync(
            At(Routes.CopyItem).With("destination", destination).With("recursive", recursive).With("overwrite", overwrite).ToMessage, cancellationToken);

    /// <summary>Opens the directory as a tar archive, created while it is read.</summary>
    /// <param name="options">The options.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, also for more patterns than a request can hold.</exception>
    public async Task<ArchiveStream> OpenArchiveAsync(ArchiveOptions options, CancellationToken cancellationToken)
    {
        RequestAddress address = At(Routes.ExportArchive).With("partial", options.Partial).With("sparse", options.Sparse)
            .WithExcludes(options.Excludes, options.Root);
        HttpResponseMessage response = await Client.OpenAsync(address.ToMessage, cancellationToken);
        return new ArchiveStream(await Client.ReadBodyAsync(response, cancellationToken), response.Headers, options.Excludes.Count);
    }

    /// <summary>Extracts a tar archive into the directory. Nothing is changed until the whole archive was received and validated.</summary>
    /// <param name="replace">Whether other content of the directory is removed; otherwise the archive is merged.</param>
    /// <param name="archive">Writes the archive to the stream it is given.</param>
    /// <param name="cancellationToken">Cancels the operation; nothing is changed then.</param>
    public Task RestoreArchiveAsync(bool replace, Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        Client.UploadAsync(
            () =>
            {
                HttpRequestMessage message = At(Routes.ImportArchive).With("replace", replace).ToMessage(new PushStreamContent(archive));
                message.Headers.ExpectContinue = true;
                return message;
            },
            cancellationToken);

    /// <summary>Watches the file or directory. The first change is null and means that the watch has started.</summary>
    /// <param name="recursive">Whether subdirectories are watched too.</param>
    /// <param name="filter">The name pattern; null for all.</param>
    /// <param name="excludes">Patterns of what is not reported, see <see cref="ExcludePatterns"/>.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<FileChange?> WatchAsync(
        bool recursive, string? filter, IReadOnlyList<string> excludes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using BoundedStream body = BoundedStream.OfEvents(await Client.OpenStreamAsync(
            At(Routes.Watch).With("recursive", recursive).With("filter", filter).WithExcludes(excludes, ExcludeRoot.Directory).ToMessage, cancellationToken));
        await foreach (SseItem<FileChange?> item in SseParser.Create(body, ParseChange).EnumerateAsync(cancellationToken))
        {
            if (item.EventType == WatchEvents.Stopped)
            {
                yield break;
            }

            if (item.EventType is WatchEvents.Watching or WatchEvents.Change)
            {
                yield return item.Data;
            }
        }

        throw new ConnectionLostException(Client.Server);
    }

    /// <summary>Returns <c>sandbox: path</c> or <c>sandbox/session: path</c>.</summary>
    public override string ToString() => $"{Sandbox}: {PathText.ToDisplay(Path)}";

    private SandboxClient Client => Sandbox.Client;

    private RequestAddress At(ApiRoute route) => Sandbox.AtSession(route).With("path", Path);

    private static FileChange? ParseChange(string type, ReadOnlySpan<byte> data) =>
        type == WatchEvents.Change ? JsonSerializer.Deserialize(data, ProtocolJson.Default.FileChange) : null;

    private Task<FileWritten> PutAsync(
        RequestAddress address, Func<HttpContent> content, WriteOptions options, bool isLarge, CancellationToken cancellationToken) =>
        Client.UploadAsync(
            () =>
            {
                HttpRequestMessage message = address.ToMessage(content());
                message.Headers.ExpectContinue = isLarge;
                if (options.IfMatch is not null)
                {
                    message.Headers.TryAddWithoutValidation("If-Match", options.IfMatch);
                }

                if (options.IsNew)
                {
                    message.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
                }

                return message;
            },
            ProtocolJson.Default.FileWritten, cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadEntriesAsync(RequestAddress address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using BoundedStream body = BoundedStream.OfLines(await Client.OpenStreamAsync(address.ToMessage, cancellationToken));
        await using IAsyncEnumerator<FileEntry?> entries = JsonSerializer.DeserializeAsyncEnumerable(
            body, ProtocolJson.Default.FileEntry, topLevelValues: true, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(entries))
        {
            yield return entries.Current!;
        }
    }

    private async Task<bool> MoveNextAsync(IAsyncEnumerator<FileEntry?> entries)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (JsonException e)
        {
            throw new ApiException(
                ErrorCodes.InternalError, $"The server at '{Client.Server}' sent an invalid list. Is it a Sandbox server of this version?", e);
        }
    }
}

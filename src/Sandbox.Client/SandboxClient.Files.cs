using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Files and directories. A path may be relative to the session's directory; its form is that of <see cref="PathText"/>.</content>
public sealed partial class SandboxClient
{
    // Bodies of this size and more use Expect: 100-continue, so that a rejected body is not sent.
    private const long LargeBody = 1024 * 1024;

    /// <summary>Returns the item at a path.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="follow">Whether a link is followed.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<FileEntry> GetItemAsync(string sandbox, string? session, string path, bool follow, CancellationToken cancellationToken) =>
        GetAsync(At(Routes.FindItem, sandbox, path).With("follow", follow), session, ProtocolJson.Default.FileEntry, cancellationToken);

    /// <summary>Returns the items that match a pattern. Each part of the path may contain <c>*</c>, <c>?</c>, <c>[a-z]</c> or <c>[!a]</c>; a backslash escapes
    /// the next character.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="pattern">The pattern.</param>
    /// <param name="hidden">Whether wildcards find names that begin with a dot.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public IAsyncEnumerable<FileEntry> FindItemsAsync(string sandbox, string? session, string pattern, bool hidden, CancellationToken cancellationToken) =>
        ReadEntriesAsync(new RequestAddress(Routes.FindItem, sandbox).With("pattern", pattern).With("hidden", hidden), session, cancellationToken);

    /// <summary>Streams the content of a directory, sorted by name within each directory.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The directory.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public IAsyncEnumerable<FileEntry> ListDirectoryAsync(
        string sandbox, string? session, string path, ListOptions options, CancellationToken cancellationToken) =>
        ReadEntriesAsync(
            At(Routes.ListDirectory, sandbox, path).With("recursive", options.Recursive).With("depth", options.Depth)
                .With("filter", options.Filter).With("hidden", options.Hidden),
            session, cancellationToken, options.Wake);

    /// <summary>Opens a file for reading. A broken connection is resumed while the file is unchanged.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The file.</param>
    /// <param name="offset">The start offset; a negative number counts from the end.</param>
    /// <param name="length">The maximum number of bytes; null for all.</param>
    /// <param name="cancellationToken">Cancels the request and reading.</param>
    public async Task<SandboxFileStream> OpenFileAsync(
        string sandbox, string? session, string path, long offset, long? length, CancellationToken cancellationToken)
    {
        async Task<HttpResponseMessage> Request(long from, long? count, string? version, CancellationToken cancellationToken) => await _transport.OpenAsync(
            () =>
            {
                HttpRequestMessage message = Bare(At(Routes.ReadFile, sandbox, path).With("offset", from).With("length", count), session);
                if (version is not null)
                {
                    message.Headers.TryAddWithoutValidation("If-Match", version);
                }

                return message;
            },
            _trace, cancellationToken);
        return await SandboxFileStream.OpenAsync(Server, Request, offset, length, _transport.Limits, cancellationToken);
    }

    /// <summary>Replaces a file atomically, or appends to it. A replacement from a seekable source is resumed after a broken connection.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The file.</param>
    /// <param name="source">The source, read from its current position.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Cancels the operation; the file is then unchanged.</param>
    /// <exception cref="ApiException">For example <see cref="ErrorCodes.DiskFull"/>; the file is then unchanged.</exception>
    public Task<FileWritten> WriteFileAsync(
        string sandbox, string? session, string path, Stream source, WriteOptions options, CancellationToken cancellationToken)
    {
        RequestAddress address = At(Routes.WriteFile, sandbox, path).With("mode", options.Mode)
            .With("modifiedAt", options.ModifiedAt?.ToString("O", CultureInfo.InvariantCulture))
            .With("parents", options.Parents).With("append", options.Append);
        if (options.Append || !source.CanSeek)
        {
            return PutAsync(address, session, () => new PushStreamContent(source.CopyToAsync), options, isLarge: true, cancellationToken);
        }

        return new ResumingUpload(
            source,
            new Backoff(_transport.Limits.Resume),
            (id, offset, content, token) =>
                PutAsync(address.With("upload", id).With("offset", offset), session, content, options, source.Length - source.Position > LargeBody, token),
            (id, token) => _transport.OpenAsync(
                () => Bare(At(Routes.ReadFile, sandbox, path).With("upload", id).With(HttpMethod.Head), session),
                _trace, token)).RunAsync(cancellationToken);
    }

    /// <summary>Removes a file, a link, or a directory.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="recursive">Whether a directory is removed with its content.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveItemAsync(string sandbox, string? session, string path, bool recursive, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () => Bare(At(Routes.DeleteFile, sandbox, path).With("recursive", recursive), session), _trace, cancellationToken);

    /// <summary>Creates a directory and its missing parents.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="isNew">Whether an existing directory is <see cref="ErrorCodes.PathExists"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task CreateDirectoryAsync(string sandbox, string? session, string path, bool isNew, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () =>
            {
                HttpRequestMessage message = Bare(At(Routes.CreateDirectory, sandbox, path), session);
                if (isNew)
                {
                    message.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
                }

                return message;
            },
            cancellationToken);

    /// <summary>Creates a symbolic link.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="target">The target of the link.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task CreateLinkAsync(string sandbox, string? session, string path, string target, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(At(Routes.CreateLink, sandbox, path).With("target", target), session), cancellationToken);

    /// <summary>Moves a file or directory to exactly this path.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="destination">The new path.</param>
    /// <param name="overwrite">Whether an existing file or empty directory is replaced.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task MoveItemAsync(string sandbox, string? session, string path, string destination, bool overwrite, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () => Bare(At(Routes.MoveItem, sandbox, path).With("destination", destination).With("overwrite", overwrite), session),
            _trace, cancellationToken);

    /// <summary>Copies a file or directory within the sandbox to exactly this path.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The path.</param>
    /// <param name="destination">The copy's path.</param>
    /// <param name="recursive">Whether a directory is copied with its content.</param>
    /// <param name="overwrite">Whether an existing file or empty directory is replaced.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task CopyItemAsync(
        string sandbox, string? session, string path, string destination, bool recursive, bool overwrite, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () => Bare(
                At(Routes.CopyItem, sandbox, path).With("destination", destination).With("recursive", recursive).With("overwrite", overwrite), session),
            _trace, cancellationToken);

    /// <summary>Opens a directory as a tar archive, created while it is read.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The directory.</param>
    /// <param name="excludes">The patterns to exclude: names at any depth, or relative paths; syntax as in <see cref="FindItemsAsync"/>.</param>
    /// <param name="partial">Whether what the sandbox's user may not read is told in the archive, see <see cref="ArchiveRecords.Unread"/>; otherwise there is
    /// no archive then.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<Stream> OpenArchiveAsync(
        string sandbox, string? session, string path, IEnumerable<string> excludes, bool partial, CancellationToken cancellationToken)
    {
        RequestAddress address = At(Routes.ExportArchive, sandbox, path).With("partial", partial);
        foreach (string exclude in excludes)
        {
            address = address.With("exclude", exclude);
        }

        HttpResponseMessage response = await _transport.OpenAsync(() => Bare(address, session), _trace, cancellationToken);
        return new ResponseStream(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _transport.Limits.Idle);
    }

    /// <summary>Extracts a tar archive into a directory. Nothing is changed until the whole archive was received and validated.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The directory.</param>
    /// <param name="replace">Whether other content of the directory is removed; otherwise the archive is merged.</param>
    /// <param name="archive">Writes the archive to the stream it is given.</param>
    /// <param name="cancellationToken">Cancels the operation; nothing is changed then.</param>
    public Task RestoreArchiveAsync(
        string sandbox, string? session, string path, bool replace, Func<Stream, CancellationToken, Task> archive, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () =>
            {
                HttpRequestMessage message = Bare(At(Routes.ImportArchive, sandbox, path).With("replace", replace), session);
                message.Content = new PushStreamContent(archive);
                message.Headers.ExpectContinue = true;
                return message;
            },
            _trace, cancellationToken);

    /// <summary>Watches a path. The first change is null and means that the watch has started.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's default.</param>
    /// <param name="path">The directory or file.</param>
    /// <param name="recursive">Whether subdirectories are watched too.</param>
    /// <param name="filter">The name pattern; null for all.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<FileChange?> WatchAsync(
        string sandbox, string? session, string path, bool recursive, string? filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _transport.OpenAsync(
            () => Bare(At(Routes.Watch, sandbox, path).With("recursive", recursive).With("filter", filter), session), _trace, cancellationToken);
        await using BoundedStream body = BoundedStream.OfEvents(
            new ResponseStream(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _transport.Limits.Idle));
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

        throw new ConnectionLostException(Server);
    }

    private static RequestAddress At(ApiRoute route, string sandbox, string path) => new RequestAddress(route, sandbox).With("path", path);

    private static FileChange? ParseChange(string type, ReadOnlySpan<byte> data) =>
        type == WatchEvents.Change ? JsonSerializer.Deserialize(data, ProtocolJson.Default.FileChange) : null;

    private Task<FileWritten> PutAsync(
        RequestAddress address, string? session, Func<HttpContent> content, WriteOptions options, bool isLarge, CancellationToken cancellationToken) =>
        _transport.UploadAsync(
            () =>
            {
                HttpRequestMessage message = Bare(address, session);
                message.Content = content();
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
            ProtocolJson.Default.FileWritten, _trace, cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadEntriesAsync(
        RequestAddress address, string? session, [EnumeratorCancellation] CancellationToken cancellationToken, bool wake = true)
    {
        using HttpResponseMessage response = await _transport.OpenAsync(() => WithWake(Bare(address, session), wake), _trace, cancellationToken);
        await using BoundedStream body = BoundedStream.OfLines(
            new ResponseStream(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _transport.Limits.Idle));
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
            throw new ApiException(ErrorCodes.InternalError, $"The server at '{Server}' sent an invalid list. Is it a Sandbox server of this version?", e);
        }
    }
}

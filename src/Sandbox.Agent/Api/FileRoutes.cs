using System.Buffers;
using System.ComponentModel;
using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Sandbox.Agent.Files;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Routes of files and directories. None waits for a session's command.</summary>
internal sealed class FileRoutes(RequestPath paths, EventLoop loop, UnfinishedFiles unfinished)
{
    private const int FlushAt = 64 * 1024;
    private const int LongestNames = 4 * 1024;

    private readonly FileWriter _writer = new(new PartialUploads(unfinished));

    public void Map(IEndpointRouteBuilder routes)
    {
        MapWithPath(routes, Routes.ReadFile, "file", (context, path) =>
            context.Request.Query.ContainsKey("upload") ? ShowUploadAsync(context, path) : ReadAsync(context, path));
        MapWithPath(routes, Routes.WriteFile, "file", WriteAsync);
        MapWithPath(routes, Routes.DeleteFile, "file", (context, path) =>
        {
            FileOperations.Remove(path, context.QueryFlag("recursive"));
            return Responses.NoContent(context);
        });
        MapWithPath(routes, Routes.ListDirectory, "directory", ListAsync);
        MapWithPath(routes, Routes.CreateDirectory, "directory", MakeDirectoryAsync);
        MapWithPath(routes, Routes.CreateLink, "link", MakeLinkAsync);
        routes.Map(Routes.FindItem, MapErrors(FindAsync));
        routes.Map(Routes.MoveItem, MapErrors(context =>
        {
            FileOperations.Move(
                paths.Query(context, "path"), paths.Query(context, "destination"), context.QueryFlag("overwrite"), unfinished, context.RequestAborted);
            return Responses.NoContent(context);
        }));
        routes.Map(Routes.CopyItem, MapErrors(context =>
        {
            FileOperations.Copy(
                paths.Query(context, "path"),
                paths.Query(context, "destination"),
                context.QueryFlag("recursive"), context.QueryFlag("overwrite"), unfinished, context.RequestAborted);
            return Responses.NoContent(context);
        }));
        routes.Map(Routes.Watch, MapErrors(WatchAsync));
        routes.Map(Routes.ExportArchive, MapErrors(ExportAsync));
        routes.Map(Routes.ImportArchive, MapErrors(ImportAsync)).WithMetadata(new UnlimitedBody());
    }

    private void MapWithPath(IEndpointRouteBuilder routes, ApiRoute route, string name, Func<HttpContext, string, Task> handler) =>
        routes.Map(route, MapErrors(context => handler(context, paths.Of(context, name)), name)).WithMetadata(new UnlimitedBody());

    private RequestDelegate MapErrors(RequestDelegate handler, string route = "") => async context =>
    {
        try
        {
            await handler(context);
        }
        catch (Win32Exception exception)
        {
            throw FileErrorMapper.ToApiException(exception, paths.All(context, route));
        }
    };

    private static async Task ReadAsync(HttpContext context, string path)
    {
        using ReadableFile file = ReadableFile.Open(path);
        FileStatus status = file.Status;
        (HttpResponse response, IHeaderDictionary conditions) = (context.Response, context.Request.Headers);
        response.Headers.ETag = file.Version;
        if (conditions.IfMatch.Count > 0)
        {
            PreconditionOf(context).Require(file.Version, path);
        }
        else if (FileVersion.IsIn(conditions.IfNoneMatch.ToString(), file.Version))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        long given = context.QueryNumber("offset", long.MinValue) ?? 0;
        long wanted = context.QueryNumber("length") ?? long.MaxValue;
        long offset = Math.Min(given < 0 ? Math.Max(0, status.Size + given) : given, status.Size);
        response.ContentType = "application/octet-stream";
        response.Headers.LastModified = status.ModifiedAt.ToString("R", CultureInfo.InvariantCulture);
        response.Headers[FileHeaders.Size] = status.Size.ToString(CultureInfo.InvariantCulture);
        response.Headers[FileHeaders.Mode] = FileEntries.Octal(status.Permissions);
        response.Headers[FileHeaders.ModifiedAt] = status.ModifiedAt.ToString("O", CultureInfo.InvariantCulture);

        // Files of /proc have the size 0 and yet content.
        bool isUnsized = status.Size == 0;
        if (!isUnsized)
        {
            wanted = Math.Min(wanted, status.Size - offset);
            response.ContentLength = wanted;
        }

        if (!HttpMethods.IsHead(context.Request.Method) && !await file.CopyToAsync(response.BodyWriter, offset, wanted, context.RequestAborted) && !isUnsized)
        {
            // The file became shorter. Only a broken response tells the reader.
            context.Abort();
        }
    }

    private async Task WriteAsync(HttpContext context, string path)
    {
        FileWriteOptions options = new(
            PreconditionOf(context),
            context.QueryFlag("parents", whenAbsent: true),
            context.QueryFlag("append"),
            context.Request.Query["upload"].ToString(),
            context.QueryNumber("offset") ?? 0,
            context.QueryMode(),
            context.QueryModifiedAt());
        FileStatus written = await _writer.WriteAsync(path, context.Request.Body, options, context.RequestAborted);
        await JsonBody.WriteAsync(context, new FileWritten(true, written.Size, FileVersion.Of(written)!), ProtocolJson.Default.FileWritten);
    }

    private async Task ShowUploadAsync(HttpContext context, string path)
    {
        long length = await _writer.UploadedAsync(context.Request.Query["upload"].ToString(), path, context.RequestAborted);
        context.Response.Headers[FileHeaders.Size] = length.ToString(CultureInfo.InvariantCulture);
    }

    private static Task ListAsync(HttpContext context, string path)
    {
        long depth = context.QueryNumber("depth") ?? (context.QueryFlag("recursive") ? long.MaxValue : 0);
        DirectoryListing listing = new(FilterOf(context), context.QueryFlag("hidden", whenAbsent: true), ExcludesOf(context, path));
        return WriteLinesAsync(context, listing.List(path, depth));
    }

    private static Task MakeDirectoryAsync(HttpContext context, string path)
    {
        bool isMade = SandboxPath.MakeDirectories(path, Defaults.Directory);
        if (!isMade && context.Request.Headers.IfNoneMatch == "*")
        {
            throw new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(path)}' exists already.");
        }

        if (isMade && context.QueryMode() is { } permissions)
        {
            FileSystem.SetPermissions(SandboxPath.Native(path), permissions);
        }

        return Responses.DoneAsync(context);
    }

    private static Task MakeLinkAsync(HttpContext context, string path)
    {
        string target = context.QueryText("target") is { Length: > 0 } given ? given
            : throw new ApiException(ErrorCodes.InvalidRequest, "The target of the link is missing or empty.");
        FileSystem.MakeLink(SandboxPath.Native(path), SandboxPath.Native(SandboxPath.ExpandHome(target)));
        return Responses.DoneAsync(context);
    }

    private Task FindAsync(HttpContext context)
    {
        if (context.QueryText("pattern") is { Length: > 0 } given)
        {
            string pattern = SandboxPath.ExpandHome(given);
            return WriteLinesAsync(context, PatternSearch.Find(pattern, paths.DirectoryOf(context, pattern), context.QueryFlag("hidden")));
        }

        string path = paths.Query(context, "path");
        FileEntry found = FileEntries.TryFind(path, context.QueryFlag("follow"))
            ?? throw new ApiException(ErrorCodes.PathNotFound, $"'{PathText.ToDisplay(path)}' does not exist.");
        return JsonBody.WriteAsync(context, found, ProtocolJson.Default.FileEntry);
    }

    /// <summary><c>GET …/watch</c>: sends changes as events until the client disconnects or the watched directory is gone.</summary>
    private async Task WatchAsync(HttpContext context)
    {
        using FileWatcher watcher = new(loop, paths.Query(context, "path"), context.QueryFlag("recursive"), FilterOf(context), ExcludesOf(context, ""));
        CancellationToken cancellationToken = context.RequestAborted;
        PipeWriter writer = SseWriter.Begin(context.Response);
        writer.WriteEvent(WatchEvents.Watching, "{}"u8);
        await writer.FlushAsync(cancellationToken);
        while (!watcher.HasEnded)
        {
            if (await watcher.WaitAsync(SseWriter.HeartbeatInterval, cancellationToken))
            {
                foreach (FileChange change in watcher.Read())
                {
                    writer.WriteEvent(WatchEvents.Change, JsonSerializer.SerializeToUtf8Bytes(change, ProtocolJson.Default.FileChange));
                }
            }
            else
            {
                writer.WriteHeartbeat();
            }

            await writer.FlushAsync(cancellationToken);
        }

        writer.WriteEvent(WatchEvents.Stopped, "{}"u8);
    }

    /// <summary><c>POST …/persist</c>. Exclusions are <c>excludes=a,b</c>, as Cloudflare's bridge has it, or <c>exclude=</c> once for each.</summary>
    private Task ExportAsync(HttpContext context)
    {
        string path = paths.QueryOrWorkspace(context);
        bool isPartial = context.QueryFlag("partial"), isSparse = context.QueryFlag("sparse", whenAbsent: true);
        ArchiveExport export = new(path, ExcludesOf(context, path), isPartial, isSparse, unfinished, context.RequestAborted);
        context.Response.ContentType = "application/octet-stream";
        SetNames(context, ArchiveHeaders.Unmatched, export.UnmatchedPatterns.Select(index => index.ToString(CultureInfo.InvariantCulture)));
        SetNames(context, ArchiveHeaders.Sockets, export.Sockets.Select(PathText.Escape));
        return export.WriteToAsync(context.Response.Body);
    }

    /// <summary><c>POST …/hydrate</c>.</summary>
    private async Task ImportAsync(HttpContext context)
    {
        string path = paths.QueryOrWorkspace(context);
        if (context.Request.ContentLength == 0)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Empty tar payload");
        }

        await ArchiveImport.RunAsync(context.Request.Body, path, context.QueryFlag("replace"), unfinished, context.RequestAborted);
        await Responses.DoneAsync(context);
    }

    private static GlobPattern? FilterOf(HttpContext context) => context.QueryText("filter") is { Length: > 0 } pattern ? new GlobPattern(pattern) : null;

    private static ExcludeScope ExcludesOf(HttpContext context, string directory) => new(
        new ExcludePatterns(context.QueryTexts("exclude").Concat((context.QueryText("excludes") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))),
        context.Query("root", ExcludeRoot.Directory, TryParseRoot, "'directory', 'parent' or 'either'"),
        SandboxPath.Name(directory));

    private static bool TryParseRoot(string text, out ExcludeRoot root) => Enum.TryParse(text, ignoreCase: true, out root) && Enum.IsDefined(root);

    // The server bounds the headers of a sandbox.
    private static void SetNames(HttpContext context, string header, IEnumerable<string> names)
    {
        List<string> shown = [];
        int left = LongestNames;
        foreach (string name in names)
        {
            left -= name.Length + 1;
            shown.Add(left >= 0 ? name : ArchiveHeaders.More);
            if (left < 0)
            {
                break;
            }
        }

        if (shown.Count > 0)
        {
            context.Response.Headers[header] = string.Join(',', shown);
        }
    }

    private static FilePrecondition PreconditionOf(HttpContext context) =>
        new(context.Request.Headers.IfMatch.ToString(), context.Request.Headers.IfNoneMatch.ToString());

    /// <summary>Sends one JSON object a line.</summary>
    private static async Task WriteLinesAsync(HttpContext context, IEnumerable<FileEntry> entries)
    {
        context.Response.ContentType = "application/x-ndjson";
        PipeWriter writer = context.Response.BodyWriter;
        using Utf8JsonWriter json = new(writer, new JsonWriterOptions { SkipValidation = true });
        foreach (FileEntry entry in entries)
        {
            JsonSerializer.Serialize(json, entry, ProtocolJson.Default.FileEntry);
            json.Flush();
            json.Reset();
            writer.Write("\n"u8);
            if (writer.UnflushedBytes >= FlushAt)
            {
                await writer.FlushAsync(context.RequestAborted);
            }
        }
    }
}

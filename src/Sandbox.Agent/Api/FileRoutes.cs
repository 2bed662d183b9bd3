using System.ComponentModel;
using Sandbox.Agent.Files;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Files and directories. A path is in the address, or in the query where it may be relative to the session's directory; see <see cref="RequestPath"/>. Nothing here waits for a session's command.</summary>
internal static class FileRoutes
{
    /// <summary>Adds the routes.</summary>
    /// <param name="sandbox">Where to.</param>
    /// <param name="services">What they act on.</param>
    public static void Map(RouteGroupBuilder sandbox, AgentComposition services)
    {
        FileWriting writing = new(new PartialUploads());
        MapWithPath(sandbox, "file", ["GET", "HEAD"], services, (context, path) =>
            context.Request.Query.ContainsKey("upload") ? writing.ShowUploadAsync(context, path) : FileReading.InvokeAsync(context, path));
        MapWithPath(sandbox, "file", ["PUT"], services, writing.InvokeAsync);
        MapWithPath(sandbox, "file", ["DELETE"], services, (context, path) =>
        {
            FileOperations.Remove(path, RequestPath.Flag(context, "recursive"));
            return Responses.NoContent(context);
        });
        MapWithPath(sandbox, "directory", ["GET"], services, DirectoryListing.InvokeAsync);
        MapWithPath(sandbox, "directory", ["PUT"], services, MakeDirectoryAsync);
        MapWithPath(sandbox, "link", ["PUT"], services, MakeLinkAsync);
        sandbox.MapGet("/item", Guard(context => FindAsync(context, services)));
        sandbox.MapPost("/move", Guard(context =>
        {
            FileOperations.Move(
                RequestPath.Query(context, services, "path"), RequestPath.Query(context, services, "destination"),
                RequestPath.Flag(context, "overwrite"), context.RequestAborted);
            return Responses.NoContent(context);
        }));
        sandbox.MapPost("/copy", Guard(context =>
        {
            FileOperations.Copy(
                RequestPath.Query(context, services, "path"), RequestPath.Query(context, services, "destination"),
                RequestPath.Flag(context, "recursive"), RequestPath.Flag(context, "overwrite"), context.RequestAborted);
            return Responses.NoContent(context);
        }));
        sandbox.MapGet("/watch", Guard(context => WatchRoute.InvokeAsync(context, services)));
        sandbox.MapPost("/persist", Guard(context =>
            ArchiveExport.InvokeAsync(context, RequestPath.TryQuery(context, services, "path") ?? services.Paths.Workspace)));
        sandbox.MapPost("/hydrate", Guard(context =>
            ArchiveImport.InvokeAsync(context, RequestPath.TryQuery(context, services, "path") ?? services.Paths.Workspace))).WithMetadata(new UnlimitedBody());
    }

    private static void MapWithPath(RouteGroupBuilder sandbox, string route, string[] methods, AgentComposition services, Func<HttpContext, string, Task> handler)
    {
        RequestDelegate serve = Guard(context => handler(context, RequestPath.Of(context, services, route)));
        sandbox.MapMethods("/" + route, methods, serve).WithMetadata(new UnlimitedBody());
        sandbox.MapMethods($"/{route}/{{**path}}", methods, serve).WithMetadata(new UnlimitedBody());
    }

    private static RequestDelegate Guard(RequestDelegate handler) => async context =>
    {
        try
        {
            await handler(context);
        }
        catch (Win32Exception exception)
        {
            throw FileErrorMapper.ToApiException(exception);
        }
    };

    private static Task MakeDirectoryAsync(HttpContext context, string path)
    {
        bool isMade = SandboxPath.MakeDirectories(path, Defaults.Directory);
        if (!isMade && context.Request.Headers.IfNoneMatch == "*")
        {
            throw new ApiException(ErrorCodes.PathExists, $"'{PathText.ToDisplay(path)}' exists already.");
        }

        if (isMade && RequestPath.Mode(context) is { } permissions)
        {
            Linux.FileSystem.SetPermissions(SandboxPath.Native(path), permissions);
        }

        return JsonBody.WriteAsync(context, new Done(true), ProtocolJson.Default.Done);
    }

    private static Task MakeLinkAsync(HttpContext context, string path)
    {
        string target = RequestPath.Text(context, "target") is { Length: > 0 } given ? given
            : throw new ApiException(ErrorCodes.InvalidRequest, "The request does not say where the link leads: 'target' is missing or empty.");
        Linux.FileSystem.MakeLink(SandboxPath.Native(path), SandboxPath.Native(target));
        return JsonBody.WriteAsync(context, new Done(true), ProtocolJson.Default.Done);
    }

    private static Task FindAsync(HttpContext context, AgentComposition services)
    {
        if (RequestPath.Text(context, "pattern") is { Length: > 0 } pattern)
        {
            return DirectoryListing.WriteAsync(context, PatternSearch.Find(pattern, RequestPath.Directory(context, services), RequestPath.Flag(context, "hidden")));
        }

        string path = RequestPath.Query(context, services, "path");
        FileEntry found = FileEntries.TryFind(path, RequestPath.Flag(context, "follow"))
            ?? throw new ApiException(ErrorCodes.PathNotFound, $"'{PathText.ToDisplay(path)}' does not exist.");
        return JsonBody.WriteAsync(context, found, ProtocolJson.Default.FileEntry);
    }
}

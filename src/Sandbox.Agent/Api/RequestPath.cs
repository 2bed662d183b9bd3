using Microsoft.AspNetCore.Http.Features;
using Sandbox.Agent.Files;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Reads the paths of requests. Paths are any bytes, so they are read from the request as it was sent, not as the framework decoded it.</summary>
internal sealed class RequestPath(SessionRegistry sessions)
{
    /// <summary>Gets the absolute path of a route such as <c>…/file/{path}</c>, or the one of <c>…/file?path=</c>, which may be relative.</summary>
    public string Of(HttpContext context, string route, string? whenAbsent = null)
    {
        string path = RequestTarget.PathOf(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Path.Value ?? "");
        string begin = $"/{route}/";
        int id = path.StartsWith(Routes.SandboxPrefix, StringComparison.Ordinal) ? path.AsSpan(Routes.SandboxPrefix.Length).IndexOf('/') : -1;
        if (id > 0 && path.AsSpan(Routes.SandboxPrefix.Length + id) is var rest
            && rest.StartsWith(begin, StringComparison.Ordinal) && rest.Length > begin.Length)
        {
            return SandboxPath.Absolute(SandboxPath.ExpandHome(PathText.Unescape(rest[begin.Length..])), "/");
        }

        return TryQuery(context, "path") ?? whenAbsent ?? Query(context, "path");
    }

    /// <summary>Gets a path of the query, absolute or relative to the session's directory.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is absent.</exception>
    public string Query(HttpContext context, string name) =>
        TryQuery(context, name) ?? throw new ApiException(ErrorCodes.InvalidRequest, $"The {name} is missing or empty.");

    /// <summary>Gets the path <c>path</c> of the query, or the workspace when it is absent.</summary>
    public string QueryOrWorkspace(HttpContext context) => TryQuery(context, "path") ?? sessions.Workspace;

    /// <summary>Gets all paths of a request, for its error.</summary>
    public string[] All(HttpContext context, string route) =>
        [Of(context, route, sessions.Workspace), .. TryQuery(context, "destination") is { } destination ? [destination] : Array.Empty<string>()];

    /// <summary>Gets the directory that a path or pattern of a request starts from.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/> for a relative one, when the session's was removed.</exception>
    public string DirectoryOf(HttpContext context, string path)
    {
        string directory = sessions.SnapshotOf(sessions.Find(context.SessionId())).Directory;
        return path.StartsWith('/') ? directory : WorkingDirectory.Require(directory);
    }

    private string? TryQuery(HttpContext context, string name)
    {
        if (context.QueryText(name) is not { Length: > 0 } given)
        {
            return null;
        }

        string path = SandboxPath.ExpandHome(given);
        return SandboxPath.Absolute(path, DirectoryOf(context, path));
    }
}

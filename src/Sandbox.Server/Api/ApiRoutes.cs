using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;
using Sandbox.ServerProgram;

namespace Sandbox.Server.Api;

/// <summary>The routes. The server handles a few; all others below a sandbox are forwarded to its agent.</summary>
internal sealed class ApiRoutes(SandboxRegistry registry, ServerInfoProvider info, AgentForwarder forwarder, Action exit)
{
    private const string SandboxPrefix = RequestTarget.SandboxPrefix;
    private const string SandboxRoute = SandboxPrefix + "{id}";

    public Task HandleAsync(HttpContext context)
    {
        string path = RequestTarget.PathOf(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Path.Value ?? "");
        if (!path.StartsWith(SandboxPrefix, StringComparison.Ordinal))
        {
            return HandleOwnAsync(context, path, sandbox: "");
        }

        int end = path.IndexOf('/', SandboxPrefix.Length);
        string id = end < 0 ? path[SandboxPrefix.Length..] : path[SandboxPrefix.Length..end];
        string rest = end < 0 ? "" : path[end..];
        return rest is "" or "/running" or "/stop" || id.Length == 0
            ? HandleOwnAsync(context, SandboxRoute + rest, id)
            : ForwardAsync(context, id);
    }

    private async Task HandleOwnAsync(HttpContext context, string route, string sandbox)
    {
        // Forwarding waits for sockets only; these routes wait for disks and processes.
        await SocketThreads.Leave();
        await (route switch
        {
            "/health" => Allow(context, "GET") ?? JsonBody.WriteAsync(context, new HealthAnswer(true), ProtocolJson.Default.HealthAnswer),
            "/v1/server" => Allow(context, "GET") ?? DescribeAsync(context),
            "/v1/server/stop" when ApiKey.IsLocal(context) => Allow(context, "POST") ?? StopAllAsync(context),
            "/v1/server/leave" when ApiKey.IsLocal(context) => Allow(context, "POST") ?? ExitAsync(context),
            "/v1/sandbox" => Allow(context, "GET", "POST") ?? (HttpMethods.IsPost(context.Request.Method) ? CreateAsync(context) : ListAsync(context)),
            _ when sandbox.Length == 0 => throw NoRoute(context),
            SandboxRoute => Allow(context, "GET", "DELETE")
                ?? (HttpMethods.IsGet(context.Request.Method) ? ShowAsync(context, sandbox) : RemoveAsync(context, sandbox)),
            SandboxRoute + "/running" => Allow(context, "GET") ?? ShowRunningAsync(context, sandbox),
            SandboxRoute + "/stop" => Allow(context, "POST") ?? StopAsync(context, sandbox),
            _ => throw NoRoute(context),
        });
    }

    private async Task DescribeAsync(HttpContext context) =>
        await JsonBody.WriteAsync(context, await info.DescribeAsync(context.RequestAborted), ProtocolJson.Default.ServerInfo);

    /// <summary>Kills the processes of all sandboxes, keeps their files, and makes the server exit.</summary>
    private async Task StopAllAsync(HttpContext context)
    {
        await registry.StopAllAsync();
        await ExitAsync(context);
    }

    private Task ExitAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.OnCompleted(() =>
        {
            exit();
            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private async Task CreateAsync(HttpContext context)
    {
        SandboxCreateRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.SandboxCreateRequest) ?? new SandboxCreateRequest();
        SandboxInstance sandbox = await registry.CreateAsync(request, PeerCredentials.Of(context), context.RequestAborted);
        await JsonBody.WriteAsync(context, sandbox.ToInfo(), ProtocolJson.Default.SandboxInfo);
    }

    private Task ListAsync(HttpContext context)
    {
        string[] wanted = [.. context.Request.Query["label"].OfType<string>()];
        SandboxInfo[] found = [.. registry.All.Where(sandbox => wanted.All(label => HasLabel(sandbox, label))).Select(sandbox => sandbox.ToInfo())];
        return JsonBody.WriteAsync(context, new SandboxList(found), ProtocolJson.Default.SandboxList);
    }

    private async Task ShowAsync(HttpContext context, string id) =>
        await JsonBody.WriteAsync(context, (await registry.GetAsync(id, context.RequestAborted)).ToInfo(), ProtocolJson.Default.SandboxInfo);

    private async Task ShowRunningAsync(HttpContext context, string id)
    {
        SandboxInstance sandbox = await registry.GetAsync(id, context.RequestAborted);
        await JsonBody.WriteAsync(context, new RunningAnswer(sandbox.IsRunning), ProtocolJson.Default.RunningAnswer);
    }

    private async Task RemoveAsync(HttpContext context, string id)
    {
        await registry.RemoveAsync(id, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task StopAsync(HttpContext context, string id)
    {
        SandboxInstance sandbox = await registry.GetAsync(id, context.RequestAborted);
        await sandbox.StopAsync(context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ForwardAsync(HttpContext context, string id)
    {
        if (context.Request.Headers[ApiHeaders.Wake].ToString() is not ("" or "true" or "false"))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"The header '{ApiHeaders.Wake}' must be 'true' or 'false'.");
        }

        await forwarder.ForwardAsync(context, await registry.GetAsync(id, context.RequestAborted));
    }

    /// <summary>Returns whether a sandbox has a label: <c>name=value</c>, or <c>name</c> with any value.</summary>
    private static bool HasLabel(SandboxInstance sandbox, string label)
    {
        int split = label.IndexOf('=', StringComparison.Ordinal);
        return sandbox.Record.Labels.TryGetValue(split < 0 ? label : label[..split], out string? value) && (split < 0 || value == label[(split + 1)..]);
    }

    /// <summary>Throws unless the route supports the request's method; otherwise returns null, to be followed by <c>??</c>.</summary>
    private static Task? Allow(HttpContext context, params ReadOnlySpan<string> methods)
    {
        if (methods.Contains(context.Request.Method))
        {
            return null;
        }

        context.Response.Headers.Allow = string.Join(", ", methods);
        string supported = string.Join(" and ", methods);
        throw new ApiException(ErrorCodes.MethodNotAllowed, $"'{context.Request.Path}' does not support {context.Request.Method}. It supports {supported}.");
    }

    private static ApiException NoRoute(HttpContext context) =>
        new(ErrorCodes.RouteNotFound, $"'{context.Request.Path}' is not part of this API.");
}

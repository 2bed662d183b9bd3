using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Api;

/// <summary>The routes. The server handles a few; all others below a sandbox are forwarded to its agent.</summary>
internal sealed class ApiRoutes
{
    private const int MaxBodyLength = 1 << 20;

    private readonly Dictionary<string, List<(ApiRoute Route, Func<HttpContext, string, Task> Handler)>> _own = new(StringComparer.Ordinal);
    private readonly Lazy<string> _openApi = new(() => OpenApiDocument.Create(ServerInfoProvider.Version).ToJsonString());
    private readonly SandboxRegistry _registry;
    private readonly ServerInfoProvider _info;
    private readonly AgentForwarder _forwarder;
    private readonly Action _exit;

    public ApiRoutes(SandboxRegistry registry, ServerInfoProvider info, AgentForwarder forwarder, Action exit)
    {
        (_registry, _info, _forwarder, _exit) = (registry, info, forwarder, exit);
        Map(Routes.GetHealth, (context, _) => JsonBody.WriteAsync(context, new HealthAnswer(true), ProtocolJson.Default.HealthAnswer));
        Map(Routes.GetOpenApi, (context, _) => ShowOpenApiAsync(context));
        Map(Routes.GetOpenApiAlias, (context, _) => ShowOpenApiAsync(context));
        Map(Routes.GetServer, (context, _) => DescribeAsync(context));
        Map(Routes.StopServer, (context, _) => StopAllAsync(context));
        Map(Routes.LeaveServer, (context, _) => ExitAsync(context));
        Map(Routes.CreateSandbox, (context, _) => CreateAsync(context));
        Map(Routes.ListSandboxes, (context, _) => ListAsync(context));
        Map(Routes.GetSandbox, ShowAsync);
        Map(Routes.DeleteSandbox, RemoveAsync);
        Map(Routes.GetRunning, ShowRunningAsync);
        Map(Routes.StopSandbox, StopAsync);
    }

    /// <summary>Gets the routes that the server handles.</summary>
    public IEnumerable<ApiRoute> Own => _own.Values.SelectMany(routes => routes).Select(route => route.Route);

    public Task HandleAsync(HttpContext context)
    {
        string path = RequestTarget.PathOf(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, context.Request.Path.Value ?? "");
        if (!path.StartsWith(Routes.SandboxPrefix, StringComparison.Ordinal) || path.Length == Routes.SandboxPrefix.Length)
        {
            return HandleOwnAsync(context, path, sandbox: "");
        }

        int end = path.IndexOf('/', Routes.SandboxPrefix.Length);
        string id = end < 0 ? path[Routes.SandboxPrefix.Length..] : path[Routes.SandboxPrefix.Length..end];
        string template = end < 0 ? Routes.SandboxTemplate : Routes.SandboxTemplate + path[end..];
        return id.Length == 0 ? throw NoRoute(context)
            : _own.ContainsKey(template) ? HandleOwnAsync(context, template, id)
            : ForwardAsync(context, id);
    }

    private void Map(ApiRoute route, Func<HttpContext, string, Task> handler)
    {
        _own.TryAdd(route.Template, []);
        _own[route.Template].Add((route, handler));
    }

    private async Task HandleOwnAsync(HttpContext context, string template, string sandbox)
    {
        // Forwarding waits for sockets only; these routes wait for disks and processes.
        await InlineSocketScheduling.Leave();
        if (!_own.TryGetValue(template, out var routes) || (routes[0].Route.Owner == RouteOwner.LocalServer && !ApiKey.IsLocal(context)))
        {
            throw NoRoute(context);
        }

        if (routes.Find(route => route.Route.Methods.Contains(context.Request.Method)).Handler is not { } handler)
        {
            string[] methods = [.. routes.SelectMany(route => route.Route.Methods)];
            context.Response.Headers.Allow = string.Join(", ", methods);
            throw new ApiException(
                ErrorCodes.MethodNotAllowed,
                $"'{context.Request.Path}' does not support {context.Request.Method}. It supports {string.Join(" and ", methods)}.");
        }

        await handler(context, sandbox);
    }

    private Task ShowOpenApiAsync(HttpContext context)
    {
        context.Response.ContentType = ApiRoute.Json;
        return context.Response.WriteAsync(_openApi.Value, context.RequestAborted);
    }

    private async Task DescribeAsync(HttpContext context) =>
        await JsonBody.WriteAsync(context, await _info.DescribeAsync(context.RequestAborted), ProtocolJson.Default.ServerInfo);

    /// <summary>Kills the processes of all sandboxes, keeps their files, and makes the server exit.</summary>
    private async Task StopAllAsync(HttpContext context)
    {
        await _registry.StopAllAsync();
        await ExitAsync(context);
    }

    private Task ExitAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.OnCompleted(() =>
        {
            _exit();
            return Task.CompletedTask;
        });
        return Task.CompletedTask;
    }

    private async Task CreateAsync(HttpContext context)
    {
        // Refused without reading it, so that the client gets the answer. A body of unknown length is cut off.
        if (context.Request.ContentLength > MaxBodyLength)
        {
            throw new ApiException(ErrorCodes.PayloadTooLarge, $"The request's body is larger than {MaxBodyLength} bytes.");
        }

        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MaxBodyLength;
        SandboxCreateRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.SandboxCreateRequest, new SandboxCreateRequest());
        SandboxInstance sandbox = await _registry.CreateAsync(request, PeerCredentials.Of(context), context.RequestAborted);
        await JsonBody.WriteAsync(context, sandbox.ToInfo(), ProtocolJson.Default.SandboxInfo);
    }

    private Task ListAsync(HttpContext context)
    {
        string[] wanted = [.. context.Request.Query["label"].OfType<string>()];
        SandboxInfo[] found = [.. _registry.All.Where(sandbox => wanted.All(label => HasLabel(sandbox, label))).Select(sandbox => sandbox.ToInfo())];
        return JsonBody.WriteAsync(context, new SandboxList(found), ProtocolJson.Default.SandboxList);
    }

    private async Task ShowAsync(HttpContext context, string id) =>
        await JsonBody.WriteAsync(context, (await _registry.GetAsync(id, context.RequestAborted)).ToInfo(), ProtocolJson.Default.SandboxInfo);

    private async Task ShowRunningAsync(HttpContext context, string id)
    {
        SandboxInstance sandbox = await _registry.GetAsync(id, context.RequestAborted);
        await JsonBody.WriteAsync(context, new RunningAnswer(sandbox.IsRunning), ProtocolJson.Default.RunningAnswer);
    }

    private async Task RemoveAsync(HttpContext context, string id)
    {
        await _registry.RemoveAsync(id, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task StopAsync(HttpContext context, string id)
    {
        SandboxInstance sandbox = await _registry.GetAsync(id, context.RequestAborted);
        await sandbox.StopAsync(context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task ForwardAsync(HttpContext context, string id)
    {
        if (context.Request.Headers[ApiHeaders.Wake].ToString() is not ("" or "true" or "false"))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, $"The header '{ApiHeaders.Wake}' must be 'true' or 'false'.");
        }

        await _forwarder.ForwardAsync(context, await _registry.GetAsync(id, context.RequestAborted));
    }

    /// <summary>Returns whether a sandbox has a label: <c>name=value</c>, or <c>name</c> with any value.</summary>
    private static bool HasLabel(SandboxInstance sandbox, string label)
    {
        int split = label.IndexOf('=', StringComparison.Ordinal);
        return sandbox.Record.Labels.TryGetValue(split < 0 ? label : label[..split], out string? value) && (split < 0 || value == label[(split + 1)..]);
    }

    private static ApiException NoRoute(HttpContext context) =>
        new(ErrorCodes.RouteNotFound, $"'{context.Request.Path}' is not part of this API.");
}

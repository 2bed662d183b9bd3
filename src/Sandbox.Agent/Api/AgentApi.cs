using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The routes that a sandbox answers itself: all below <c>/v1/sandbox/{id}/</c>, and <c>/agent/</c> for the server alone. The id is the server's business; a sandbox knows no other.</summary>
internal static class AgentApi
{
    /// <summary>The largest request body, in bytes, of a route that does not stream.</summary>
    public const long MaximumBody = 256 * 1024 * 1024;

    /// <summary>Adds the routes.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="services">What they act on.</param>
    public static void Map(IEndpointRouteBuilder routes, AgentComposition services)
    {
        routes.MapGet("/agent/health", Responses.NoContent);
        routes.MapPut("/agent/configuration", async context =>
        {
            services.Sessions.Configure(await JsonBody.ReadAsync(context, ProtocolJson.Default.AgentConfiguration));
            await Responses.NoContent(context);
        });

        RouteGroupBuilder sandbox = routes.MapGroup("/v1/sandbox/{id}");
        SessionRoutes.Map(sandbox, services.Sessions);
        EnvironmentRoutes.Map(sandbox, services.Sessions);
        ProcessRoutes.Map(sandbox, services);
        FileRoutes.Map(sandbox, services);
        ContextRoutes.Map(sandbox, services.Contexts);
        PortRoutes.Map(sandbox, services);
        sandbox.MapGet("/pty", context => TerminalRoute.InvokeAsync(context, services));
        sandbox.MapPost("/git/checkout", context => CheckoutRoute.InvokeAsync(context, services));
    }
}

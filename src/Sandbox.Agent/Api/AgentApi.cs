using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The routes of a sandbox: all below <c>/v1/sandbox/{id}/</c>, and <c>/agent/</c> for the server alone. The server checks the id; an agent has only
/// one sandbox.</summary>
internal static class AgentApi
{
    /// <summary>The largest body, in bytes, of a request that is not streamed.</summary>
    public const long MaximumBody = 8 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes, AgentComposition agent)
    {
        routes.Map(Routes.GetAgentHealth, Responses.NoContent);
        routes.Map(Routes.ConfigureAgent, async context =>
        {
            AgentConfiguration configuration = await JsonBody.ReadAsync(context, ProtocolJson.Default.AgentConfiguration);
            if (configuration.Retention is { } retention)
            {
                retention.Require();
                agent.Commands.Keep(retention);
            }

            agent.Sessions.Configure(configuration);
            await Responses.NoContent(context);
        });

        SessionRoutes.Map(routes, agent.Sessions);
        EnvironmentRoutes.Map(routes, agent.Sessions);
        ProcessRoutes.Map(routes, agent.Commands, agent.Sessions);
        new FileRoutes(new RequestPath(agent.Sessions), agent.Loop, agent.Unfinished).Map(routes);
        ContextRoutes.Map(routes, agent.Contexts);
        PortRoutes.Map(routes, agent.Ports);
        routes.Map(Routes.OpenTerminal, new TerminalRoute(agent.Sessions, agent.Terminal, agent.Paths.Runtime, agent.Loop).InvokeAsync);
        routes.Map(Routes.CheckOut, context => CheckoutRoute.InvokeAsync(context, agent.Sessions, agent.Loop, agent.Unfinished));
    }

    /// <summary>Maps a route of the contract, which is found in the endpoint's metadata.</summary>
    public static IEndpointConventionBuilder Map(this IEndpointRouteBuilder routes, ApiRoute route, RequestDelegate handler) =>
        (route.Methods is [] ? routes.Map(route.Template, handler) : routes.MapMethods(route.Template, route.Methods, handler)).WithMetadata(route);
}

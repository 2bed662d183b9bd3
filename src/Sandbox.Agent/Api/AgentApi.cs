using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The routes of a sandbox: all below <c>/v1/sandbox/{id}/</c>, and <c>/agent/</c> for the server alone. The server checks the id; an agent has only
/// one sandbox.</summary>
internal static class AgentApi
{
    /// <summary>The largest body, in bytes, of a request that is not streamed.</summary>
    public const long MaximumBody = 256 * 1024 * 1024;

    public static void Map(IEndpointRouteBuilder routes, AgentComposition agent)
    {
        routes.MapGet("/agent/health", Responses.NoContent);
        routes.MapPut("/agent/configuration", async context =>
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

        RouteGroupBuilder sandbox = routes.MapGroup("/v1/sandbox/{id}");
        SessionRoutes.Map(sandbox, agent.Sessions);
        EnvironmentRoutes.Map(sandbox, agent.Sessions);
        ProcessRoutes.Map(sandbox, agent.Commands, agent.Sessions);
        new FileRoutes(new RequestPath(agent.Sessions), agent.Loop).Map(sandbox);
        ContextRoutes.Map(sandbox, agent.Contexts);
        PortRoutes.Map(sandbox, agent.Ports);
        sandbox.MapGet("/pty", new TerminalRoute(agent.Sessions, agent.Terminal, agent.Paths.Runtime, agent.Loop).InvokeAsync);
        sandbox.MapPost("/git/checkout", context => CheckoutRoute.InvokeAsync(context, agent.Sessions, agent.Loop));
    }
}

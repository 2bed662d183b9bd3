using Sandbox.Agent.Commands;
using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The routes that a sandbox answers itself: all below <c>/v1/sandbox/{id}/</c>, and <c>/agent/</c> for the server alone. The id is the server's business; a sandbox knows no other.</summary>
internal static class AgentApi
{
    /// <summary>The largest request body, in bytes.</summary>
    public const long MaximumBody = 256 * 1024 * 1024;

    /// <summary>Adds the routes.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="services">What they act on.</param>
    public static void Map(IEndpointRouteBuilder routes, AgentServices services)
    {
        SessionRegistry sessions = services.Sessions;
        routes.MapGet("/agent/health", NoContent);
        routes.MapPut("/agent/configuration", async context =>
        {
            sessions.Configure(await JsonBody.ReadAsync(context, ProtocolJson.Default.AgentConfiguration));
            await NoContent(context);
        });

        RouteGroupBuilder sandbox = routes.MapGroup("/v1/sandbox/{id}");
        sandbox.MapPost("/session", async context =>
        {
            Session session = sessions.Create(await JsonBody.ReadAsync(context, ProtocolJson.Default.SessionCreateRequest, new SessionCreateRequest()));
            await JsonBody.WriteAsync(context, session.ToInfo(), ProtocolJson.Default.SessionInfo);
        });
        sandbox.MapGet("/session", context =>
            JsonBody.WriteAsync(context, new SessionList([.. sessions.All().Select(session => session.ToInfo())]), ProtocolJson.Default.SessionList));
        sandbox.MapGet("/session/{session}", context =>
            JsonBody.WriteAsync(context, sessions.Get(RouteValue(context, "session")).ToInfo(), ProtocolJson.Default.SessionInfo));
        sandbox.MapDelete("/session/{session}", async context =>
        {
            string id = RouteValue(context, "session");
            await sessions.DeleteAsync(id);
            await JsonBody.WriteAsync(context, new SessionDeleted(true, id, DateTimeOffset.UtcNow), ProtocolJson.Default.SessionDeleted);
        });

        sandbox.MapGet("/env", async context =>
        {
            bool reveal = context.Request.Query["reveal"] == "true";
            VariableSet variables = sessions.Find(SessionId(context)) is { } session ? await session.GetVariablesAsync() : sessions.Variables;
            await JsonBody.WriteAsync(context, variables.ToState(reveal), ProtocolJson.Default.EnvironmentState);
        });
        sandbox.MapPatch("/env", async context =>
        {
            EnvironmentPatch patch = await JsonBody.ReadAsync(context, ProtocolJson.Default.EnvironmentPatch);
            RequestFields.RequireNone(patch.Unknown);
            VariableLayer layer = new(patch.Env, patch.SecretEnv);
            if (SessionId(context) is { } id)
            {
                VariableName.RequireAll(layer.Env);
                VariableName.RequireAll(layer.SecretEnv);
                sessions.Get(Identifier.Require(id, "session")).Change(layer);
            }
            else
            {
                sessions.Change(layer);
            }

            await NoContent(context);
        });

        sandbox.MapPost("/exec", context => ExecRoute.InvokeAsync(context, services));
        sandbox.MapPost("/process/{process}/stdin", async context =>
        {
            Command command = services.Commands.Get(RouteValue(context, "process"));
            if (command.Input is null)
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"The command '{command.Id}' was not started with 'stdinOpen', so it takes no more input.");
            }

            await command.Input.CopyFromAsync(context.Request.BodyReader, context.RequestAborted);
            await NoContent(context);
        }).WithMetadata(new UnlimitedBody());
        sandbox.MapPost("/process/{process}/signal", async context =>
        {
            SignalRequest request = await JsonBody.ReadAsync(context, ProtocolJson.Default.SignalRequest);
            if (request.Signal is not ("INT" or "TERM" or "KILL"))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, $"'{request.Signal}' is not a signal that stops a command. Use INT, TERM or KILL.");
            }

            Command command = services.Commands.Get(RouteValue(context, "process"));
            command.Session.Stop(command, StopReason.Cancelled, atOnce: request.Signal == "KILL");
            await NoContent(context);
        });
    }

    /// <summary>The session a request names in its header, if any.</summary>
    /// <param name="context">The request.</param>
    public static string? SessionId(HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.SessionId, out var values) ? values.ToString() : null;

    private static string RouteValue(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

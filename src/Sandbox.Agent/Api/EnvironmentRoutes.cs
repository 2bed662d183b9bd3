using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/env</c>: the variables of the sandbox, or of the session that the request names.</summary>
internal static class EnvironmentRoutes
{
    public static void Map(RouteGroupBuilder sandbox, SessionRegistry sessions)
    {
        sandbox.MapGet("/env", async context =>
        {
            bool reveal = context.Request.Query["reveal"] == "true";
            EnvironmentSnapshot variables = sessions.Find(context.SessionId()) is { } session ? await session.GetVariablesAsync() : sessions.Variables;
            await JsonBody.WriteAsync(context, variables.ToState(reveal), ProtocolJson.Default.EnvironmentState);
        });
        sandbox.MapPatch("/env", async context =>
        {
            EnvironmentPatch patch = await JsonBody.ReadAsync(context, ProtocolJson.Default.EnvironmentPatch);
            RequestFields.RejectUnknownFields(patch.Unknown);
            EnvironmentChanges changes = new(patch.Env, patch.SecretEnv);
            if (context.SessionId() is { } id)
            {
                changes = changes.Validated();
                sessions.Get(Identifier.Require(id, "session")).Change(changes);
            }
            else
            {
                sessions.Change(changes);
            }

            await Responses.NoContent(context);
        });
    }
}

using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/session</c>: making, finding and deleting sessions.</summary>
internal static class SessionRoutes
{
    /// <summary>Adds the routes.</summary>
    /// <param name="sandbox">Where to.</param>
    /// <param name="sessions">What they act on.</param>
    public static void Map(RouteGroupBuilder sandbox, SessionRegistry sessions)
    {
        sandbox.MapPost("/session", async context =>
        {
            Session session = sessions.Create(await JsonBody.ReadAsync(context, ProtocolJson.Default.SessionCreateRequest, new SessionCreateRequest()));
            await JsonBody.WriteAsync(context, session.ToInfo(), ProtocolJson.Default.SessionInfo);
        });
        sandbox.MapGet("/session", context =>
            JsonBody.WriteAsync(context, new SessionList([.. sessions.All().Select(session => session.ToInfo())]), ProtocolJson.Default.SessionList));
        sandbox.MapGet("/session/{session}", context =>
            JsonBody.WriteAsync(context, sessions.Get(context.RouteValue("session")).ToInfo(), ProtocolJson.Default.SessionInfo));
        sandbox.MapDelete("/session/{session}", async context =>
        {
            string id = context.RouteValue("session");
            await sessions.DeleteAsync(id);
            await JsonBody.WriteAsync(context, new SessionDeleted(true, id, DateTimeOffset.UtcNow), ProtocolJson.Default.SessionDeleted);
        });
    }
}

using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/session</c>: creates, lists and deletes sessions.</summary>
internal static class SessionRoutes
{
    public static void Map(IEndpointRouteBuilder routes, SessionRegistry sessions)
    {
        routes.Map(Routes.CreateSession, async context =>
        {
            Session session = sessions.Create(await JsonBody.ReadAsync(context, ProtocolJson.Default.SessionCreateRequest, new SessionCreateRequest()));
            await JsonBody.WriteAsync(context, session.ToInfo(), ProtocolJson.Default.SessionInfo);
        });
        routes.Map(Routes.ListSessions, context =>
            JsonBody.WriteAsync(context, new SessionList([.. sessions.All().Select(session => session.ToInfo())]), ProtocolJson.Default.SessionList));
        routes.Map(Routes.GetSession, context =>
            JsonBody.WriteAsync(context, sessions.Get(context.RouteValue("session")).ToInfo(), ProtocolJson.Default.SessionInfo));
        routes.Map(Routes.DeleteSession, async context =>
        {
            string id = context.RouteValue("session");
            await sessions.DeleteAsync(id);
            await JsonBody.WriteAsync(context, new SessionDeleted(true, id, DateTimeOffset.UtcNow), ProtocolJson.Default.SessionDeleted);
        });
    }
}

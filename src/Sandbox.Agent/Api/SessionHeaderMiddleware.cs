using Sandbox.Agent.Sessions;

namespace Sandbox.Agent.Api;

/// <summary>Refuses requests that name an unknown session, also on routes that do not need one.</summary>
internal static class SessionHeaderMiddleware
{
    /// <summary>Marks a route that looks at the header itself, or passes it on.</summary>
    internal sealed class Exempt;

    public static Task InvokeAsync(HttpContext context, RequestDelegate next, SessionRegistry sessions)
    {
        if (context.SessionId() is { } id && context.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<Exempt>() is null)
        {
            _ = sessions.Find(id);
        }

        return next(context);
    }
}

using System.Net.WebSockets;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Requests that become WebSockets.</summary>
internal static class WebSockets
{
    private static readonly WebSocketAcceptContext Terms = new()
    {
        // Says that we are still here, while there is nothing else to say.
        KeepAliveInterval = TimeSpan.FromSeconds(15),
    };

    /// <summary>Refuses a request that does not ask for one.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static void Require(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "WebSocket upgrade required");
        }
    }

    /// <summary>Makes it one.</summary>
    /// <param name="context">The request.</param>
    public static Task<WebSocket> AcceptAsync(HttpContext context) => context.WebSockets.AcceptWebSocketAsync(Terms);
}

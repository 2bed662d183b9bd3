using System.Net.WebSockets;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

internal static class WebSockets
{
    private static readonly WebSocketAcceptContext Terms = new()
    {
        // Sent while there is no other traffic.
        KeepAliveInterval = TimeSpan.FromSeconds(15),
    };

    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static void Require(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "WebSocket upgrade required");
        }
    }

    public static Task<WebSocket> AcceptAsync(HttpContext context) => context.WebSockets.AcceptWebSocketAsync(Terms);
}

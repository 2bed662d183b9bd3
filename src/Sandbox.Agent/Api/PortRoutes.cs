using System.Net.Sockets;
using System.Net.WebSockets;
using Sandbox.Agent.Ports;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary><c>…/port</c> and <c>…/tcp</c>: connections to programs in the sandbox that listen on ports.</summary>
internal static class PortRoutes
{
    public static void Map(IEndpointRouteBuilder routes, PortForwarder forwarder)
    {
        routes.Map(Routes.ListPorts, context => JsonBody.WriteAsync(context, LoopbackPorts.List(), ProtocolJson.Default.PortList));
        routes.Map(Routes.ForwardToPort, context => forwarder.ForwardAsync(context, Port(context)))
            .WithMetadata(new UnlimitedBody(), new SessionHeaderMiddleware.Exempt());
        routes.Map(Routes.ConnectPort, CarryAsync);
    }

    private static int Port(HttpContext context) => PortNumber.Parse(context.RouteValue("port"));

    private static async Task CarryAsync(HttpContext context)
    {
        int port = Port(context);
        WebSockets.Require(context);

        // Connected before the upgrade: when nothing listens, the client gets an error response instead of a broken tunnel.
        using Socket connection = await LoopbackPorts.ConnectAsync(port, context.RequestAborted);
        using WebSocket tunnel = await WebSockets.AcceptAsync(context);
        await SocketTunnel.RunAsync(tunnel, connection, context.RequestAborted);
    }
}

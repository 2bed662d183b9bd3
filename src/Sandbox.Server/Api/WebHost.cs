using Microsoft.AspNetCore.Connections;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Lifecycle;
using Sandbox.Server.Sandboxes;
using Sandbox.ServerProgram;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Server.Api;

/// <summary>The web server, with nothing in it that is not needed.</summary>
internal static class WebHost
{
    /// <summary>Puts it together; it is not started yet.</summary>
    /// <param name="home">Where its socket lies.</param>
    /// <param name="options">Where else it listens.</param>
    /// <param name="registry">The sandboxes.</param>
    /// <param name="about">What it says of itself.</param>
    /// <param name="clock">Told of every call.</param>
    /// <param name="leave">Makes the server end.</param>
    public static WebApplication Create(
        ServerHome home, ServeOptions options, SandboxRegistry registry, ServerInfoProvider about, IdleTracker clock, Action leave)
    {
        // Left by a server that was killed: this one holds the lock.
        File.Delete(home.Socket);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = home.State });
        builder.WebHost.UseKestrelCore().UseSockets(SocketThreads.Serve).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;

            // Streams may be as long and as slow as they like; the server's own routes have limits of their own.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxRequestLineSize = PathText.LongestRequestLine;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.ListenUnixSocket(home.Socket, listener => listener.Use(ApiKey.MarkLocal));
            if (options.Listen is { } address)
            {
                kestrel.Listen(address);
            }
        });
        builder.Services.AddHttpForwarder();

        WebApplication web = builder.Build();
        ApiRoutes api = new(registry, about, new AgentForwarder(web.Services.GetRequiredService<IHttpForwarder>()), leave);
        ErrorHandlingMiddleware boundary = new(new ApiKey(Environment.GetEnvironmentVariable(ApiKey.Variable)), clock, api.HandleAsync);
        web.Run(boundary.InvokeAsync);
        return web;
    }
}

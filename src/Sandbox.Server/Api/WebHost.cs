using System.Net;
using Microsoft.AspNetCore.Connections;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Server.Api;

/// <summary>The minimal web server.</summary>
internal static class WebHost
{
    /// <summary>Builds the web server without starting it.</summary>
    public static WebApplication Create(
        ServerHome home, IPEndPoint? address, SandboxRegistry registry, ServerInfoProvider info, IdleTracker idle, Action exit)
    {
        // Left by a killed server; this one holds the lock.
        File.Delete(home.Socket);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = home.State });
        builder.WebHost.UseSandboxKestrel(kestrel =>
        {
            // For forwarded streams; the server's own routes have a limit.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenUnixSocket(home.Socket, listener => listener.Use(ApiKey.MarkLocal));
            if (address is not null)
            {
                kestrel.Listen(address);
            }
        });
        builder.Services.AddHttpForwarder();

        WebApplication web = builder.Build();
        ApiRoutes api = new(registry, info, new AgentForwarder(web.Services.GetRequiredService<IHttpForwarder>()), exit);
        RequestPipeline pipeline = new(new ApiKey(Environment.GetEnvironmentVariable(ApiKey.Variable)), idle, api.HandleAsync);
        web.Run(pipeline.InvokeAsync);
        return web;
    }
}

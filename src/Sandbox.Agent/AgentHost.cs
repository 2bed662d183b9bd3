using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sandbox.Agent.Api;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.ServerProgram;

namespace Sandbox.Agent;

/// <summary>The agent as a program: an HTTP server on a socket that the server made and handed down.</summary>
internal static class AgentHost
{
    /// <summary>Serves until the sandbox ends.</summary>
    /// <param name="listener">The inherited, listening descriptor.</param>
    public static async Task<int> RunAsync(int listener)
    {
        // Code in the sandbox runs as the same user: it must not look into this process, nor inherit its socket.
        CurrentProcess.DenyInspection();
        SocketThreads.Serve();
        using FileDescriptor socket = FileDescriptor.Inherited(listener);
        using AgentServices services = new(new AgentPaths(), failure => Console.Error.WriteLine(failure));
        await using WebApplication application = Build(services, options => options.ListenHandle((ulong)socket.Number));
        await application.RunAsync();
        return 0;
    }

    /// <summary>The HTTP server around an agent's services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="listen">Where it listens.</param>
    public static WebApplication Build(AgentServices services, Action<KestrelServerOptions> listen)
    {
        // The empty builder: no configuration files, which would watch the whole sandbox for changes.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(SocketThreads.Serve).ConfigureKestrel(options =>
        {
            listen(options);
            options.AddServerHeader = false;
            options.AllowSynchronousIO = false;

            // A reader may be as slow as it likes: the command is held back, not the connection cut.
            options.Limits.MinResponseDataRate = null;
            options.Limits.MinRequestBodyDataRate = null;
            options.Limits.MaxRequestBodySize = AgentApi.MaximumBody;
            options.Limits.MaxRequestLineSize = PathText.LongestRequestLine;
            options.Limits.MaxConcurrentConnections = null;
            options.Limits.KeepAliveTimeout = TimeSpan.FromHours(1);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddHttpForwarder();
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.Use(ErrorHandling.InvokeAsync);
        application.Use(ShortRoute.InvokeAsync);
        AgentApi.Map(application, services);
        return application;
    }
}

using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Agent.Api;
using Sandbox.Protocol;
using Sandbox.ServerProgram;

namespace Sandbox.Agent;

/// <summary>An agent's HTTP server: Kestrel and routing, without the generic host around them. To build that takes longer than all else when a sandbox starts, and nothing of it is used.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    private readonly ServiceProvider provider;
    private readonly KestrelServer server;

    private AgentServer(ServiceProvider provider, KestrelServer server) => (this.provider, this.server) = (provider, server);

    /// <summary>Starts to serve.</summary>
    /// <param name="services">What requests act on.</param>
    /// <param name="listen">Says where to listen.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<AgentServer> StartAsync(AgentServices services, Action<KestrelServerOptions> listen, CancellationToken cancellationToken = default)
    {
        ServiceProvider provider = RoutingServices();
        SocketTransportOptions sockets = new();
        SocketThreads.Serve(sockets);
        KestrelServerOptions options = new() { ApplicationServices = provider, AddServerHeader = false, AllowSynchronousIO = false };
        Limit(options.Limits);
        listen(options);
        KestrelServer server = new(Options.Create(options), new SocketTransportFactory(Options.Create(sockets), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
        AgentServer started = new(provider, server);
        await server.StartAsync(new Application(Pipeline(provider, services)), cancellationToken);
        return started;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Requests that are under way are cut off: they may last as long as their commands.
        await server.StopAsync(new CancellationToken(canceled: true));
        server.Dispose();
        await provider.DisposeAsync();
    }

    private static void Limit(KestrelServerLimits limits)
    {
        // A reader may be as slow as it likes: the command is held back, not the connection cut.
        limits.MinResponseDataRate = null;
        limits.MinRequestBodyDataRate = null;
        limits.MaxRequestBodySize = AgentApi.MaximumBody;
        limits.MaxRequestLineSize = PathText.LongestRequestLine;
        limits.MaxConcurrentConnections = null;
        limits.KeepAliveTimeout = TimeSpan.FromHours(1);
    }

    private static ServiceProvider RoutingServices()
    {
        ServiceCollection services = new();
        DiagnosticListener diagnostics = new(nameof(AgentServer));
        services.AddSingleton(diagnostics);
        services.AddSingleton<DiagnosticSource>(diagnostics);
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddMetrics();
        services.AddRoutingCore();
        return services.BuildServiceProvider();
    }

    private static RequestDelegate Pipeline(IServiceProvider provider, AgentServices services)
    {
        ApplicationBuilder pipeline = new(provider);
        pipeline.UseRouting();
        pipeline.UseWebSockets(new WebSocketOptions());
        pipeline.Use(ErrorHandling.InvokeAsync);
        pipeline.Use(ShortRoute.InvokeAsync);
        pipeline.UseEndpoints(routes => AgentApi.Map(routes, services));
        return pipeline.Build();
    }

    /// <summary>What Kestrel hands requests to. A connection's requests come one after the other, so one context serves them all.</summary>
    /// <param name="serve">Serves one.</param>
    private sealed class Application(RequestDelegate serve) : IHttpApplication<DefaultHttpContext>
    {
        public DefaultHttpContext CreateContext(IFeatureCollection contextFeatures)
        {
            if (contextFeatures is not IHostContextContainer<DefaultHttpContext> connection)
            {
                return new DefaultHttpContext(contextFeatures);
            }

            if (connection.HostContext is { } used)
            {
                used.Initialize(contextFeatures);
                return used;
            }

            return connection.HostContext = new DefaultHttpContext(contextFeatures);
        }

        public Task ProcessRequestAsync(DefaultHttpContext context) => serve(context);

        public void DisposeContext(DefaultHttpContext context, Exception? exception) => context.Uninitialize();
    }
}

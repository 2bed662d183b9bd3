using System.Diagnostics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Agent.Api;
using Sandbox.Protocol;

namespace Sandbox.Agent;

/// <summary>The agent's HTTP server: Kestrel and routing without the generic host, which would take most of a sandbox's start-up time.</summary>
internal sealed class AgentServer : IAsyncDisposable
{
    private readonly ServiceProvider _provider;
    private readonly IServer _server;

    private AgentServer(ServiceProvider provider, IServer server) => (_provider, _server) = (provider, server);

    /// <summary>Starts listening.</summary>
    public static async Task<AgentServer> StartAsync(AgentComposition agent, Action<KestrelServerOptions> listen, CancellationToken cancellationToken = default)
    {
        ServiceProvider provider = ServerServices(listen);
        AgentServer started = new(provider, provider.GetRequiredService<IServer>());
        await started._server.StartAsync(new Application(Pipeline(provider, agent)), cancellationToken);
        return started;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // Requests in progress are aborted: they can last as long as their commands.
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _provider.DisposeAsync();
    }

    private static ServiceProvider ServerServices(Action<KestrelServerOptions> listen)
    {
        ServiceCollection services = new();
        DiagnosticListener diagnostics = new(nameof(AgentServer));
        services.AddSingleton(diagnostics);
        services.AddSingleton<DiagnosticSource>(diagnostics);
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddMetrics();
        services.AddRoutingCore();
        new ServiceOnlyBuilder(services).UseSandboxKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = AgentApi.MaximumBody;
            options.Limits.KeepAliveTimeout = TimeSpan.FromHours(1);
            listen(options);
        });
        return services.BuildServiceProvider();
    }

    private static RequestDelegate Pipeline(IServiceProvider provider, AgentComposition agent)
    {
        ApplicationBuilder pipeline = new(provider);
        pipeline.UseRouting();
        pipeline.UseWebSockets(new WebSocketOptions());
        pipeline.Use(new ErrorHandlingMiddleware("The sandbox's agent failed. See its log", Log).InvokeAsync);
        pipeline.Use(RequireRouteAsync);
        pipeline.Use((context, next) => SessionHeaderMiddleware.InvokeAsync(context, next, agent.Sessions));
        pipeline.Use(InlineEndpoint.InvokeAsync);
        pipeline.UseEndpoints(routes => AgentApi.Map(routes, agent));
        return pipeline.Build();
    }

    private static async Task RequireRouteAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed })
        {
            throw context.Response.StatusCode == StatusCodes.Status404NotFound
                ? new ApiException(ErrorCodes.RouteNotFound, $"There is no '{context.Request.Path}' in this API.")
                : new ApiException(ErrorCodes.MethodNotAllowed, $"'{context.Request.Path}' does not support {context.Request.Method}.");
        }
    }

    // Once an answer has started, only the log says why it broke off.
    private static void Log(HttpContext context, ApiException error)
    {
        if (context.Response.HasStarted || error.Code == ErrorCodes.InternalError)
        {
            Console.Error.WriteLine(error.InnerException ?? error);
        }
    }

    /// <summary>Handles Kestrel's requests. The requests of a connection come one after the other, so they share one context.</summary>
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

    /// <summary>Collects the services that Kestrel's extension methods register.</summary>
    private sealed class ServiceOnlyBuilder(IServiceCollection services) : IWebHostBuilder
    {
        public IWebHostBuilder ConfigureServices(Action<IServiceCollection> configureServices)
        {
            configureServices(services);
            return this;
        }

        public IWebHostBuilder ConfigureServices(Action<WebHostBuilderContext, IServiceCollection> configureServices) => throw new NotSupportedException();

        public IWebHostBuilder ConfigureAppConfiguration(Action<WebHostBuilderContext, IConfigurationBuilder> configureDelegate) =>
            throw new NotSupportedException();

        public string? GetSetting(string key) => null;

        public IWebHostBuilder UseSetting(string key, string? value) => throw new NotSupportedException();

        [Obsolete("The interface has it still.")]
        public IWebHost Build() => throw new NotSupportedException();
    }
}

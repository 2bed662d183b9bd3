using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Sandbox.Client.Tests;

/// <summary>Real HTTP server on a Unix socket with responses defined by the test.</summary>
internal sealed class StubServer : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sbc").FullName;
    private readonly WebApplication _application;

    private StubServer(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.ListenUnixSocket(Socket));
        _application = builder.Build();
        _application.Run(answer);
    }

    public string Socket => Path.Combine(_directory, "s");

    public ServerEndpoint Endpoint => ServerEndpoint.Parse($"unix:{Socket}");

    /// <summary>Creates a server that is not started yet.</summary>
    public static StubServer Create(RequestDelegate answer) => new(answer);

    public static async Task<StubServer> StartAsync(RequestDelegate answer)
    {
        StubServer server = new(answer);
        await server.StartAsync();
        return server;
    }

    public Task StartAsync() => _application.StartAsync();

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromMilliseconds(100));
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Sandbox.Client.Tests;

/// <summary>A real HTTP server on a socket that answers as a test says.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TestServer(WebApplication application, string socket) => (_application, Socket) = (application, socket);

    public string Socket { get; }

    public ServerEndpoint Endpoint => ServerEndpoint.Parse($"unix:{Socket}");

    public static async Task<TestServer> StartAsync(RequestDelegate answer, string? socket = null)
    {
        socket ??= Path.Combine(Path.GetTempPath(), $"sbc{Random.Shared.Next():x}.sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options => options.ListenUnixSocket(socket));
        WebApplication application = builder.Build();
        application.Run(answer);
        await application.StartAsync();
        return new(application, socket);
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new(TimeSpan.FromMilliseconds(100));
        await _application.StopAsync(now.Token);
        await _application.DisposeAsync();
        File.Delete(Socket);
    }
}

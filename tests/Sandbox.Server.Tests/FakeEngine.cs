using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sandbox.Protocol;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Tests;

/// <summary>Engine whose agents run in this process without isolation. It proves that the server uses engines only by their interface.</summary>
internal sealed class FakeEngine : ISandboxEngine
{
    /// <summary>The running agents by socket. Static, because they outlive the engine as processes outlive their server.</summary>
    private static readonly ConcurrentDictionary<string, WebApplication> Agents = [];

    public string Name => "fake";

    public Task<IReadOnlyList<Ability>> ProbeAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Ability>>([new Ability("isolation", false, "It is fake.")]);

    public IReadOnlyList<IsolationFeature> DescribeIsolation(string? network) => [new IsolationFeature("room", "A room of its own.", Available: true)];

    public Task<(string Network, string[] Warnings)> ChooseNetworkAsync(string? requested, CancellationToken cancellationToken) =>
        Task.FromResult<(string, string[])>((requested ?? SandboxNetworks.Host, []));

    public string GetLaunchFingerprint(string network) => "";

    public IEngineInstance Create(SandboxDirectories directories)
    {
        Directory.CreateDirectory(directories.Workspace);
        Directory.CreateDirectory(directories.Run);
        return new Instance(directories);
    }

    public IEngineInstance Attach(SandboxDirectories directories, JsonElement state)
    {
        Assert.Equal("fake state", state.GetString());
        return new Instance(directories);
    }

    public void RemoveUnusedFiles(IEnumerable<IEngineInstance> running)
    {
    }

    public void Dispose()
    {
    }

    private sealed class Instance(SandboxDirectories directories) : IEngineInstance
    {
        private string Socket => Path.Combine(directories.Run, "fake.sock");

        public JsonElement State => JsonSerializer.SerializeToElement("fake state");

        public string[] Isolation => [];

        public SandboxLimits? Limits => null;

        public Dictionary<string, string>? LimitEnforcement => null;

        public bool IsRunning => Agents.ContainsKey(Socket);

        public bool IsLaunchInterrupted => false;

        public async Task LaunchAsync(LaunchSpec spec, Action saveState)
        {
            saveState();
            WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket));
            WebApplication agent = builder.Build();
            agent.Run(context => context.Response.WriteAsync($"agent {directories.Number}: {context.Request.Method} {context.Request.Path}"));
            await agent.StartAsync();
            Agents[Socket] = agent;
        }

        public Task<Stream?> TryConnectAsync(CancellationToken cancellationToken) => UnixSocket.TryConnectAsync(Socket, cancellationToken);

        public async Task KillAsync()
        {
            if (Agents.TryRemove(Socket, out WebApplication? agent))
            {
                await agent.StopAsync(new CancellationToken(canceled: true));
                await agent.DisposeAsync();
            }
        }

        public (string Output, ApiException? Error) DiagnoseStart() => ("", null);

        public void Dispose()
        {
        }
    }
}

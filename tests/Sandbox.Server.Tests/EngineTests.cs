using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Api;
using Sandbox.Server.Engines;
using Sandbox.Server.Infrastructure;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>In-process server whose only engine is <see cref="FakeEngine"/>.</summary>
public sealed class EngineTests : IAsyncLifetime
{
    private readonly string _directory = TestMachine.NewDirectory(CurrentProcess.EffectiveUserId);
    private ServerHome? _home;
    private SandboxRegistry? _registry;
    private SandboxPool? _pool;
    private WebApplication? _web;
    private HttpClient? _client;

    private HttpClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        _home = ServerHome.Open(_directory);
        _client = TestServer.CreateClient(_home.Socket);
        await StartServerAsync(poolSize: 0);
    }

    [Fact]
    public async Task Server_reports_its_engines_and_their_abilities()
    {
        ServerInfo info = JsonSerializer.Deserialize(await Client.GetStringAsync("v1/server"), ProtocolJson.Default.ServerInfo)!;
        EngineInfo engine = Assert.Single(info.Engines!);
        Assert.Equal(("fake", "isolation", "It is fake."), (engine.Name, Assert.Single(engine.Abilities).Name, engine.Abilities[0].Reason));
        Assert.Equal(engine.Abilities, info.Abilities);
    }

    [Fact]
    public async Task Sandbox_names_its_engine()
    {
        SandboxInfo made = await CreateAsync("""{"id":"a","engine":"fake"}""");
        Assert.Equal(("fake", SandboxState.Running, SandboxNetworks.Host), (made.Engine, made.State, made.Network));
    }

    [Fact]
    public async Task Unknown_engine_is_refused()
    {
        using HttpResponseMessage answer = await PostAsync("v1/sandbox", """{"engine":"bubblewrap"}""");
        ErrorBody error = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.ErrorBody)!;
        Assert.Equal((501, ErrorCodes.Unsupported), ((int)answer.StatusCode, error.Code));
        Assert.Equal("engine", error.Field);
    }

    [Fact]
    public async Task Requests_reach_the_agent_of_the_engine()
    {
        await CreateAsync("""{"id":"a"}""");
        Assert.Equal("agent 1: GET /v1/sandbox/a/env", await Client.GetStringAsync("v1/sandbox/a/env"));
    }

    [Fact]
    public async Task Stopped_sandbox_is_launched_by_the_next_request()
    {
        await CreateAsync("""{"id":"a"}""");
        using HttpResponseMessage stopped = await PostAsync("v1/sandbox/a/stop");
        Assert.Equal(SandboxState.Stopped, (await ShowAsync("a")).State);
        Assert.Equal("agent 1: GET /v1/sandbox/a/env", await Client.GetStringAsync("v1/sandbox/a/env"));
        Assert.Equal(SandboxState.Running, (await ShowAsync("a")).State);
    }

    [Fact]
    public async Task Next_server_attaches_to_running_sandboxes()
    {
        await CreateAsync("""{"id":"a"}""");
        await StopServerAsync();
        await StartServerAsync(poolSize: 0);
        Assert.Equal(SandboxState.Running, (await ShowAsync("a")).State);
        Assert.Equal("agent 1: GET /v1/sandbox/a/env", await Client.GetStringAsync("v1/sandbox/a/env"));
    }

    [Fact]
    public async Task Removed_sandbox_leaves_no_files()
    {
        await CreateAsync("""{"id":"a"}""");
        using HttpResponseMessage removed = await Client.DeleteAsync("v1/sandbox/a");
        Assert.Equal(204, (int)removed.StatusCode);
        Assert.Empty(Directory.GetDirectories(_home!.Sandboxes));
    }

    [Fact]
    public async Task Pooled_sandboxes_are_run_by_the_default_engine()
    {
        await StopServerAsync();
        await StartServerAsync(poolSize: 1);
        await CreateAsync("""{"id":"a"}""");
        await Wait.UntilAsync(
            () => SandboxRecord.TryRead(_home!.DirectoriesOf(2).Record) is { Phase: SandboxPhase.Pooled, Engine: "fake" }, "a sandbox is pooled");
        await CreateAsync("""{"id":"b"}""");
        Assert.Equal("agent 2: GET /v1/sandbox/b/env", await Client.GetStringAsync("v1/sandbox/b/env"));
    }

    public async ValueTask DisposeAsync()
    {
        await _registry!.StopAllAsync();
        await StopServerAsync();
        Client.Dispose();
        FileTree.Remove(_directory);
    }

    private async Task StartServerAsync(int poolSize)
    {
        EngineCatalog engines = new(new FakeEngine());
        SandboxLauncher launcher = new();
        DirectoryAllocator allocator = new(_home!);
        IdleTracker idle = new();
        _pool = new SandboxPool(engines.Default, launcher, allocator, poolSize);
        _registry = new SandboxRegistry(_home!, engines, launcher, allocator, _pool, idle.Hold);
        await _registry.AdoptAsync();
        _web = WebHost.Create(_home!, address: null, _registry, new ServerInfoProvider("test", engines), idle, exit: () => { });
        await _web.StartAsync();
    }

    private async Task StopServerAsync()
    {
        await _pool!.DisposeAsync();
        await _web!.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task<SandboxInfo> CreateAsync(string body)
    {
        using HttpResponseMessage answer = await PostAsync("v1/sandbox", body);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), ProtocolJson.Default.SandboxInfo)!;
    }

    private async Task<SandboxInfo> ShowAsync(string id) =>
        JsonSerializer.Deserialize(await Client.GetStringAsync($"v1/sandbox/{id}"), ProtocolJson.Default.SandboxInfo)!;

    private Task<HttpResponseMessage> PostAsync(string path, string body = "") =>
        Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
}

using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Tests;

/// <summary>What the server reports of the isolation that this host gives and that a sandbox got.</summary>
public sealed class IsolationReportTests
{
    // Hides Landlock from a program and its children, as on an older kernel: landlock_create_ruleset (444) fails with ENOSYS.
    private const string WithoutLandlock = """
        import ctypes, os, struct, sys
        code = [(0x20, 0, 0, 0), (0x15, 0, 1, 444), (0x06, 0, 0, 0x50026), (0x06, 0, 0, 0x7fff0000)]
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in code))
        libc = ctypes.CDLL(None)
        assert libc.prctl(38, 1, 0, 0, 0) == 0
        assert libc.prctl(22, 2, struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)), 0, 0) == 0
        os.execvp(sys.argv[1], sys.argv[1:])
        """;

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Each_feature_is_in_force_or_missing_with_reason_and_remedy(ServerUser user)
    {
        await using TestServer server = await TestServer.StartAsync(user);
        IReadOnlyList<IsolationFeature> host = (await server.GetServerInfoAsync()).Engines![0].Isolation;
        Assert.Equal(host.Count, host.Select(feature => feature.Name).Distinct().Count());
        Assert.All(host, feature => Assert.NotEmpty(feature.Description));
        Assert.All(host, feature => Assert.Equal(feature.Available, feature.Reason is null && feature.Remedy is null));
        Assert.Equal(user == ServerUser.Root, host.Single(feature => feature.Name == "uid").Available);
        Assert.Equal(Landlock.IsAvailable, host.Single(feature => feature.Name == "landlock").Available);

        // What the host gives is what a sandbox gets.
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"none"}""");
        string[] applicable = [.. host.Select(feature => feature.Name).Except(["network-filter", "confined-network"])];
        Assert.Equal(applicable.Order(), made.Isolation.Concat(made.MissingIsolation.Select(feature => feature.Name)).Order());
        Assert.Equal(host.Where(feature => !feature.Available && applicable.Contains(feature.Name)), made.MissingIsolation);
    }

    [Fact]
    public void Every_feature_that_a_launch_can_lack_is_in_the_report()
    {
        AgentProgram agent = new("", IsNative: true);
        LaunchPlan whole = new()
        {
            Directories = new SandboxDirectories(1, "", ""), UserId = TestMachine.SandboxUser, Agent = agent, Network = SandboxNetworks.Internet,
        };
        string[] names = IsolationCatalog.NamesOf(whole);
        foreach (IsolationFeatures feature in Enum.GetValues<IsolationFeatures>()[1..^1])
        {
            // A user of its own has quotas of its own, and is a matter of the user id.
            LaunchPlan plan = whole with { UserId = feature is IsolationFeatures.OwnUser or IsolationFeatures.KernelQuotas ? null : whole.UserId };
            bool isThere = feature != IsolationFeatures.Landlock || Landlock.IsAvailable;
            Assert.Equal((feature, isThere), (feature, IsolationCatalog.NamesOf(plan with { Features = plan.Features & ~feature }).Length < names.Length));
        }
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Required_isolation_is_refused_on_a_host_without_Landlock(ServerUser user)
    {
        await using TestServer server = TestServer.Prepare(user);
        Assert.SkipWhen(ExecutableLocator.Find("python3") is null, "NOT TESTED: a host without Landlock, since python3 is not installed here.");
        server.Launcher = ["python3", "-c", WithoutLandlock];
        await server.StartAsync();
        ErrorBody error = await ApiTests.AssertErrorAsync(
            await server.PostAsync("v1/sandbox", """{"id":"a","network":"none","requireIsolation":true}"""), 503, ErrorCodes.IsolationUnavailable);
        Assert.Contains("landlock: ", error.Error, StringComparison.Ordinal);
        Assert.Contains("Linux 6.15", error.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories($"{server.Home}/state/boxes"));

        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"none"}""");
        Assert.DoesNotContain("landlock", made.Isolation);
        IsolationFeature missing = made.MissingIsolation.Single(feature => feature.Name == "landlock");
        Assert.True(missing.Required);
        Assert.Contains("Linux 6.15", missing.Remedy, StringComparison.Ordinal);
        Assert.False((await server.GetServerInfoAsync()).Engines![0].Isolation.Single(feature => feature.Name == "landlock").Available);
    }

    [Fact]
    public async Task Requested_host_network_is_missing_isolation_but_not_refused()
    {
        Assert.SkipUnless(Landlock.IsAvailable, "NOT TESTED: whole isolation, since this kernel has no Landlock.");
        await using TestServer server = await TestServer.StartAsync(TestMachine.CurrentUser);
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"host","requireIsolation":true}""");
        IsolationFeature network = made.MissingIsolation.Single(feature => feature.Name == "network");
        Assert.False(network.Required);
        Assert.Contains("host", network.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("network", made.Isolation);
    }

    [Fact]
    public async Task Feature_that_an_earlier_server_did_not_apply_is_missing()
    {
        await using TestServer server = await TestServer.StartAsync(TestMachine.CurrentUser);
        await server.CreateAsync("""{"id":"a","network":"none"}""");
        string record = $"{server.SandboxDirectory("a")}/box.json";
        await server.KillAsync();
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(record))!;
        json["engineState"]!["isolation"] = new JsonArray("user", "seccomp");
        await File.WriteAllTextAsync(record, json.ToJsonString());
        await server.StartAsync();
        SandboxInfo old = await InfoAsync(server);
        Assert.Equal(["user", "seccomp"], old.Isolation);
        IsolationFeature missing = old.MissingIsolation.Single(feature => feature.Name == "pid");
        Assert.False(missing.Available);
        Assert.StartsWith("Stop the sandbox", missing.Remedy, StringComparison.Ordinal);

        // The remedy helps.
        await server.PostAsync("v1/sandbox/a/stop");
        await server.ExecAsync("a", "true");
        Assert.DoesNotContain((await InfoAsync(server)).MissingIsolation, feature => feature.Name == "pid");
    }

    private static async Task<SandboxInfo> InfoAsync(TestServer server) =>
        JsonSerializer.Deserialize(await server.Client.GetStringAsync("v1/sandbox/a"), ProtocolJson.Default.SandboxInfo)!;
}

using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Tests;

/// <summary>What a sandbox reaches by each network mode, in a test network that stands for the internet.</summary>
public sealed class NetworkTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Internet_is_the_default_and_reaches_public_addresses_only(ServerUser user)
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(user);
        await server.StartAsync();
        Ability ability = (await server.GetServerInfoAsync()).Abilities.Single(found => found.Name == "network-internet");
        Assert.True(ability.Available, ability.Reason);
        SandboxInfo made = await server.CreateAsync("""{"id":"a"}""");
        Assert.Equal(SandboxNetworks.Internet, made.Network);
        Assert.Empty(made.Warnings);
        Assert.Contains("network", made.Isolation);

        Assert.Equal("reached\n", await ReachAsync(server, TestInternet.Public));
        Assert.StartsWith($"{TestInternet.Public} ", (await server.ExecAsync("a", "getent ahostsv4 somewhere.test")).Output, StringComparison.Ordinal);
        Assert.Equal("reached\n", await ReachAsync(server, "somewhere.test"));

        // Reachable by the server and thus by slirp4netns, but not by the sandbox.
        foreach (string address in TestInternet.Private)
        {
            Assert.True(internet.Responds(address), address);
            Assert.Equal((address, "refused\n"), (address, await ReachAsync(server, address)));
        }

        // The host: its loopback, its own address, and the addresses that slirp4netns maps to it.
        Assert.True(internet.Responds("127.0.0.1"));
        foreach (string address in (string[])["127.0.0.1", TestInternet.ServerAddress, "10.0.2.2", "10.0.2.3", "0.0.0.0"])
        {
            Assert.Equal((address, "refused\n"), (address, await ReachAsync(server, address)));
        }

        // Datagrams and sockets bound to the interface, which bypass routes, are blocked too, and the sandbox cannot change the rules.
        foreach (string address in (string[])["10.7.7.7", "10.0.2.2", "10.0.2.3", "255.255.255.255", TestInternet.ServerAddress])
        {
            ProcessResult run = await server.ExecAsync("a", $$"""
                perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); setsockopt(S, 1, 25, pack("Z*", "tap0")) or die;
                setsockopt(S, SOL_SOCKET, SO_BROADCAST, 1);
                print send(S, "x", 0, sockaddr_in(8081, inet_aton("{{address}}"))) ? "sent" : "refused"'
                """);
            Assert.Equal((address, "refused", ""), (address, run.Output, run.Error));
        }

        Assert.NotEqual(0, (await server.ExecAsync("a", "PATH=$PATH:/usr/sbin; nft flush ruleset 2>/dev/null")).ExitCode);
    }

    [Fact]
    public void Local_networks_are_those_of_the_table_local()
    {
        const string tables = """
            Main:
              +-- 0.0.0.0/0 3 0 5
                 |-- 0.0.0.0
                    /0 universe UNICAST
                 |-- 192.0.2.2
                    /32 host LOCAL
            Local:
              +-- 0.0.0.0/0 3 0 5
                 +-- 192.0.2.0/24 2 0 2
                    |-- 192.0.2.0
                       /24 link UNICAST
                    |-- 192.0.2.2
                       /32 host LOCAL
                    |-- 192.0.2.255
                       /32 link BROADCAST
                 |-- 198.51.100.0
                    /24 host LOCAL
            Id 100:
              +-- 0.0.0.0/0 3 0 5
                 |-- 0.0.0.0
                    /0 host LOCAL
            """;
        Assert.Equal(["192.0.2.2/32", "198.51.100.0/24"], NftablesRuleset.LocalNetworks(tables.Split('\n')));
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Later_address_of_the_host_is_closed_to_running_sandboxes(ServerUser user)
    {
        const string later = "198.51.100.3", away = "198.51.100.4";
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(user);
        await server.StartAsync();
        await server.CreateAsync("""{"id":"a"}""");
        internet.AddServerAddress(later);
        await Wait.UntilAsync(async () => await ReachAsync(server, later) == "refused\n", "the address is closed");
        Assert.Equal("reached\n", await ReachAsync(server, TestInternet.Public));

        // Added while no server was there to see it.
        await server.KillAsync();
        internet.AddServerAddress(away);
        await server.StartAsync();
        await Wait.UntilAsync(async () => await ReachAsync(server, away) == "refused\n", "the address is closed");
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Replaced_list_of_name_servers_reaches_running_sandboxes(ServerUser user)
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        internet.SetNameServer(TestInternet.Public);
        await using TestServer server = internet.Prepare(user);
        await server.StartAsync();
        await server.CreateAsync("""{"id":"a"}""");
        Assert.Equal("", await LookUpAsync(server));
        internet.SetNameServer(TestInternet.Private[0]);
        await Wait.UntilAsync(async () => await LookUpAsync(server) == TestInternet.Public, "the new name server answers");

        // Replaced while no server was there to see it.
        await server.KillAsync();
        internet.SetNameServer(TestInternet.Public);
        await server.StartAsync();
        await Wait.UntilAsync(async () => (await LookUpAsync(server)).Length == 0, "the old name server is no longer asked");
    }

    [Fact]
    public void Host_that_does_not_list_its_addresses_is_told_the_remedy()
    {
        IsolationException obstacle = SlirpNetwork.FindObstacle("/nowhere/fib_trie")!;
        Assert.Contains("/nowhere/fib_trie", obstacle.Reason, StringComparison.Ordinal);
        Assert.Contains("subset=pid", obstacle.Remedy, StringComparison.Ordinal);
        Assert.Equal(ErrorCodes.NetworkUnavailable, obstacle.ToApiException().Code);
    }

    [Fact]
    public async Task Network_none_reaches_nothing()
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(ServerUser.Root);
        await server.StartAsync();
        Assert.Equal("none", (await server.CreateAsync("""{"id":"a","network":"none"}""")).Network);
        Assert.Equal("refused\n", await ReachAsync(server, TestInternet.Public));
        Assert.Equal("refused\n", await ReachAsync(server, "127.0.0.1"));
        Assert.Null(server.RecordOf("a").Process!.Link);
    }

    [Fact]
    public async Task Network_host_must_be_requested_and_reaches_what_the_host_reaches()
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(ServerUser.Root);
        await server.StartAsync();
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"host"}""");
        Assert.Equal("host", made.Network);
        Assert.DoesNotContain("network", made.Isolation);
        foreach (string address in (string[])["127.0.0.1", TestInternet.Public, .. TestInternet.Private, "somewhere.test"])
        {
            Assert.Equal((address, "reached\n"), (address, await ReachAsync(server, address)));
        }
    }

    [Fact]
    public async Task Internet_access_lasts_as_long_as_the_sandbox_not_the_server()
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(ServerUser.Root);
        await server.StartAsync();
        await server.CreateAsync("""{"id":"a"}""");
        ProcessIdentity first = server.RecordOf("a").Process!.Link!;
        await server.KillAsync();
        await server.StartAsync();
        Assert.NotNull(first.Find());
        Assert.Equal("reached\n", await ReachAsync(server, TestInternet.Public));

        // Stopped by a server that did not start it, and started again.
        await server.PostAsync("v1/sandbox/a/stop");
        Assert.Null(first.Find());
        Assert.Equal("reached\n", await ReachAsync(server, TestInternet.Public));
        ProcessIdentity second = server.RecordOf("a").Process!.Link!;
        Assert.NotEqual(first, second);

        // Killed without a server to stop its sandboxes.
        await server.KillAsync();
        ProcessTable.Send(ProcessTable.Find(server.RecordOf("a").Process!.InitId)!.Value, Signal.KILL);
        await TestServer.WaitUntilExitedAsync(second.Id, second.Start);
        await server.StartAsync();
        await server.ExecAsync("a", "true");
        ProcessIdentity third = server.RecordOf("a").Process!.Link!;
        await server.Client.DeleteAsync("v1/sandbox/a");
        Assert.Null(third.Find());
    }

    [Fact]
    public async Task Host_without_slirp4netns_defaults_to_none_and_refuses_internet()
    {
        // PATH is searched first, and these programs fail.
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        string fake = $"{server.Home}/bin";
        Directory.CreateDirectory(fake);
        TestMachine.WriteScript($"{fake}/slirp4netns", "echo 'no such device' >&2\nexit 1");
        server.Environment["PATH"] = $"{fake}:/usr/bin:/bin";
        await server.StartAsync();

        Ability ability = (await server.GetServerInfoAsync()).Abilities.Single(found => found.Name == "network-internet");
        Assert.False(ability.Available);
        SandboxInfo made = await server.CreateAsync("""{"id":"a"}""");
        Assert.Equal("none", made.Network);
        Assert.Contains(ability.Remedy!, Assert.Single(made.Warnings), StringComparison.Ordinal);
        ErrorBody error = await ApiTests.AssertErrorAsync(
            await server.PostAsync("v1/sandbox", """{"id":"b","network":"internet"}"""), 503, ErrorCodes.NetworkUnavailable);
        Assert.Contains(ability.Remedy!, error.Error, StringComparison.Ordinal);
        Assert.Empty((await server.CreateAsync("""{"id":"c","network":"none"}""")).Warnings);
    }

    private static async Task<string> LookUpAsync(TestServer server) =>
        (await server.ExecAsync("a", "RES_OPTIONS='timeout:1 attempts:1' getent ahostsv4 somewhere.test")).Output.Split(' ')[0];

    private static async Task<string> ReachAsync(TestServer server, string address) => (await server.ExecAsync(
        "a", $"timeout {TestInternet.TimeoutSeconds} bash -c 'cat </dev/tcp/{address}/{TestInternet.Port}' 2>/dev/null || echo refused")).Output;
}

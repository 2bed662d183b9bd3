using System.Text.Json;
using Sandbox.Linux;
using Sandbox.Protocol;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Lifecycle;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>The pool of pre-started sandboxes.</summary>
public sealed class SandboxPoolTests
{
    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Next_sandbox_is_the_pooled_one_and_has_all_requested_settings(ServerUser user)
    {
        await using TestServer server = await StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        DateTimeOffset before = DateTimeOffset.UtcNow;
        SandboxInfo made = await server.CreateAsync("""
            {"id":"b","env":{"PLAIN":"p"},"secretEnv":{"HIDDEN":"h"},"labels":{"k":"v"},"defaultSession":true,"retention":{"commands":7}}
            """);
        SandboxRecord record = server.RecordOf("b");
        Assert.Equal((pooled.Number, pooled.UserId, pooled.Process!.InitId, pooled.Process!.Link),
            (record.Number, record.UserId, record.Process!.InitId, record.Process!.Link));
        Assert.Equal(SandboxPhase.Ready, record.Phase);
        Assert.Equal(("b", SandboxState.Running, true, "v"), (made.Id, made.State, made.DefaultSession, made.Labels["k"]));
        Assert.InRange(made.CreatedAt, before, DateTimeOffset.UtcNow);
        Assert.NotEmpty(made.Isolation);
        Assert.Equal("p h\n", (await server.ExecAsync("b", "x=kept; echo $PLAIN $HIDDEN")).Output);
        Assert.Equal("kept\n", (await server.ExecAsync("b", "echo $x")).Output);

        // Its settings survive its processes, like those of every sandbox.
        await server.PostAsync("v1/sandbox/b/stop");
        Assert.Equal("p h\n", (await server.ExecAsync("b", "echo $PLAIN $HIDDEN")).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Claimed_sandbox_is_replaced_by_one_with_its_own_number_and_user(ServerUser user)
    {
        await using TestServer server = await StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        await WaitForPooledSandboxAsync(server);
        await server.CreateAsync("""{"id":"b"}""");
        SandboxRecord next = await WaitForPooledSandboxAsync(server);
        SandboxRecord[] all = [server.RecordOf("a"), server.RecordOf("b"), next];
        Assert.Equal(3, all.Select(record => record.Number).Distinct().Count());
        Assert.Equal(user == ServerUser.Root ? 3 : 1, all.Select(record => record.UserId).Distinct().Count());
        Assert.Equal(next.UserId, FileStatus.Of($"{server.Home}/state/boxes/{next.Number}/workspace").Owner);
    }

    [Fact]
    public async Task Agent_runs_commands_without_OpenSSL_which_takes_milliseconds_to_load()
    {
        await using TestServer server = await StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        Assert.Equal("1\n", (await server.ExecAsync("a", "echo 1")).Output);
        int init = server.RecordOf("a").Process!.InitId;
        string agent = (await File.ReadAllTextAsync($"/proc/{init}/task/{init}/children")).Split(' ')[0];
        string maps = await File.ReadAllTextAsync($"/proc/{agent}/maps");
        Assert.Contains("libc.so", maps, StringComparison.Ordinal);
        Assert.DoesNotContain("libcrypto", maps, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pooled_sandbox_is_not_listed_and_cannot_be_requested()
    {
        await using TestServer server = await StartAsync(ServerUser.Ordinary);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        Assert.Equal(["a"], await ListAsync(server));
        Assert.Equal("", pooled.Id);
        foreach ((string id, int status) in ((string, int)[])[("", 404), ("%20", 400), ($"{pooled.Number}", 404)])
        {
            Assert.Equal(status, (int)(await server.Client.GetAsync($"v1/sandbox/{id}")).StatusCode);
        }
    }

    [Theory]
    [InlineData("""{"id":"x","network":"host"}""")]
    [InlineData("""{"id":"x","limits":{"processes":100}}""")]
    public async Task Settings_fixed_at_launch_are_not_served_from_the_pool(string settings)
    {
        await using TestServer server = await StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        await server.CreateAsync(settings);
        Assert.NotEqual(pooled.Number, server.RecordOf("x").Number);
        await server.CreateAsync("""{"id":"b"}""");
        Assert.Equal(pooled.Number, server.RecordOf("b").Number);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Pooled_sandbox_of_a_killed_server_is_removed_by_the_next(ServerUser user)
    {
        await using TestServer server = await StartAsync(user);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        await server.KillAsync();
        Assert.True(ProcessReaper.IsRunning(pooled.Process!));

        await server.StartAsync();
        AssertGone(server, pooled);
        Assert.Equal(["a"], await ListAsync(server));
        await server.CreateAsync("""{"id":"b"}""");
        Assert.NotEqual(pooled.Number, server.RecordOf("b").Number);
        Assert.Equal("ok\n", (await server.ExecAsync("b", "echo ok")).Output);
    }

    [Theory]
    [InlineData("leave", true)]
    [InlineData("stop", false)]
    public async Task Pooled_sandbox_is_removed_when_its_server_exits(string how, bool othersLive)
    {
        await using TestServer server = await StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        ProcessEntry process = await server.ProcessAsync();
        await server.PostAsync($"v1/server/{how}");
        await TestServer.WaitUntilExitedAsync(process);
        AssertGone(server, pooled);
        Assert.Equal(othersLive, server.RecordOf("a").Process is { } own && ProcessReaper.IsRunning(own));
        Assert.Single(server.Records());
    }

    [Fact]
    public async Task Dead_pooled_sandbox_is_not_claimed()
    {
        await using TestServer server = await StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        await ProcessReaper.KillAsync(pooled.Process!);
        await server.CreateAsync("""{"id":"b"}""");
        Assert.Equal("ok\n", (await server.ExecAsync("b", "echo ok")).Output);
        AssertGone(server, pooled);
    }

    [Fact]
    public async Task Unresponsive_pooled_sandbox_is_not_claimed()
    {
        await using TestServer server = await StartAsync(ServerUser.Root);
        await server.CreateAsync("""{"id":"a"}""");
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        foreach (ProcessEntry agent in ProcessTable.All().Where(entry => entry.ParentId == pooled.Process!.InitId))
        {
            await TestMachine.SuspendAsync(agent);
        }

        await server.CreateAsync("""{"id":"b"}""");
        Assert.Equal("ok\n", (await server.ExecAsync("b", "echo ok")).Output);
        AssertGone(server, pooled);
    }

    [Fact]
    public async Task Concurrent_creations_get_pooled_and_new_sandboxes()
    {
        await using TestServer server = await StartAsync(ServerUser.Ordinary, pool: 2);
        await server.CreateAsync("""{"id":"first"}""");
        int[] pool = await WaitForPoolAsync(server, 2);
        SandboxInfo[] made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => server.CreateAsync()));
        int[] numbers = [.. made.Select(sandbox => server.RecordOf(sandbox.Id).Number)];
        Assert.Equal(6, numbers.Distinct().Count());
        Assert.Equal(pool.Order(), numbers.Intersect(pool).Order());
        Assert.All(await Task.WhenAll(made.Select(sandbox => server.ExecAsync(sandbox.Id, "echo ok"))), run => Assert.Equal("ok\n", run.Output));
        Assert.Empty(numbers.Intersect(await WaitForPoolAsync(server, 2)));
    }

    [Fact]
    public async Task Concurrent_creations_of_one_id_lose_no_pooled_sandbox()
    {
        await using TestServer server = await StartAsync(ServerUser.Ordinary, pool: 3);
        await server.CreateAsync("""{"id":"first"}""");
        await WaitForPoolAsync(server, 3);
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => server.PostAsync("v1/sandbox", """{"id":"one"}""")));
        Assert.Equal([200, 409, 409, 409, 409], answers.Select(answer => (int)answer.StatusCode).Order());
        Assert.Equal("ok\n", (await server.ExecAsync("one", "echo ok")).Output);
        await WaitForPoolAsync(server, 3);
        Assert.Equal(5, server.Records().Count());
    }

    [Fact]
    public async Task Pooled_sandbox_from_before_an_address_change_is_not_claimed()
    {
        TestInternet.Require();
        using TestInternet internet = TestInternet.Create();
        await using TestServer server = internet.Prepare(ServerUser.Root);
        server.Environment[Variable] = "1";
        await server.StartAsync();
        Assert.Equal(SandboxNetworks.Internet, (await server.CreateAsync("""{"id":"a"}""")).Network);
        SandboxRecord pooled = await WaitForPooledSandboxAsync(server);
        Assert.NotNull(pooled.Process!.Link);
        const string address = "203.0.113.7";
        internet.AddServerAddress(address);
        await server.CreateAsync("""{"id":"b"}""");
        AssertGone(server, pooled);
        Assert.True(internet.Responds(address));
        Assert.Equal("refused\n", (await server.ExecAsync(
            "b", $"timeout {TestInternet.TimeoutSeconds} bash -c 'cat </dev/tcp/{address}/{TestInternet.Port}' 2>/dev/null || echo refused")).Output);

        // The next pooled sandbox is launched after the address change.
        SandboxRecord next = await WaitForPooledSandboxAsync(server);
        await server.CreateAsync("""{"id":"c"}""");
        Assert.Equal(next.Number, server.RecordOf("c").Number);
        Assert.Equal("reached\n",
            (await server.ExecAsync("c", $"timeout {TestInternet.TimeoutSeconds} bash -c 'cat </dev/tcp/{TestInternet.Public}/{TestInternet.Port}'")).Output);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("64", 64)]
    public void Pool_size_is_configurable(string value, int count) => Assert.Equal(count, ServeOptions.Parse(["--pool-size", value]).PoolSize);

    [Theory]
    [InlineData("-1")]
    [InlineData("65")]
    [InlineData("many")]
    public void Invalid_pool_size_is_refused(string value) =>
        Assert.Contains($"'{value}'", Assert.Throws<ArgumentException>(() => ServeOptions.Parse(["--pool-size", value])).Message, StringComparison.Ordinal);

    private const string Variable = "SANDBOX_POOL_SIZE";

    private static async Task<TestServer> StartAsync(ServerUser user, int pool = 1)
    {
        TestServer server = TestServer.Prepare(user);
        server.Environment[Variable] = $"{pool}";
        await server.StartAsync();
        return server;
    }

    private static async Task<SandboxRecord> WaitForPooledSandboxAsync(TestServer server)
    {
        int number = Assert.Single(await WaitForPoolAsync(server, 1));
        return server.Records().Single(record => record.Number == number);
    }

    private static async Task<int[]> WaitForPoolAsync(TestServer server, int count)
    {
        int[] found = [];
        await Wait.UntilAsync(() =>
        {
            found = [.. server.Records().Where(record => record.Phase == SandboxPhase.Pooled).Select(record => record.Number)];
            return found.Length == count;
        }, $"{count} pooled sandboxes are ready");
        return found;
    }

    private static async Task<IEnumerable<string>> ListAsync(TestServer server) =>
        JsonSerializer.Deserialize(await server.Client.GetStringAsync("v1/sandbox"), ProtocolJson.Default.SandboxList)!.Sandboxes.Select(sandbox => sandbox.Id);

    private static void AssertGone(TestServer server, SandboxRecord pooled)
    {
        Assert.False(ProcessReaper.IsRunning(pooled.Process!));
        Assert.Null(pooled.Process!.Link?.Find());
        Assert.False(Directory.Exists($"{server.Home}/state/boxes/{pooled.Number}"));
        Assert.False(Directory.Exists($"{server.Home}/run/boxes/{pooled.Number}"));
    }
}

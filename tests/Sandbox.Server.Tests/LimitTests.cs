using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Server.Tests;

/// <summary>Limits are enforced, reported, and removed with the sandbox.</summary>
public sealed class LimitTests
{
    [Fact]
    public async Task Memory_limit_is_enforced_and_the_sandbox_stays_usable()
    {
        await using TestServer server = await StartAsync("limit-memory");
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"none","limits":{"memoryBytes":134217728}}""");
        Assert.Equal(134217728, made.Limits!.MemoryBytes);
        Assert.StartsWith("cgroup-v", made.LimitMeans!["memoryBytes"], StringComparison.Ordinal);
        ProcessResult run = await server.ExecAsync("a", "(head -c 400000000 /dev/zero | tail) >/dev/null; echo ${PIPESTATUS[0]} $?");
        Assert.Equal(137, int.Parse(run.Output.Trim().Split(' ')[^1], CultureInfo.InvariantCulture));
        Assert.Equal("ok\n", (await server.ExecAsync("a", "echo ok")).Output);
        Assert.Equal(
            64000000, long.Parse((await server.ExecAsync("a", "head -c 64000000 /dev/zero | tail -c 64000000 | wc -c")).Output, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Process_limit_is_enforced(ServerUser user)
    {
        // Starts up to 100 processes and prints how many could be started.
        const string fork = """
            perl -e 'for (1..100) { $p = fork; last unless defined $p; exec "sleep", "1000" unless $p; push @p, $p } print scalar(@p); kill 9, @p'
            """;
        await using TestServer server = await StartAsync("limit-processes", user);
        await server.CreateAsync("""{"id":"a","network":"none","limits":{"processes":64}}""");
        Assert.InRange(int.Parse((await server.ExecAsync("a", fork)).Output, CultureInfo.InvariantCulture), 1, 63);
        await server.CreateAsync("""{"id":"b","network":"none","limits":{"processes":200}}""");
        Assert.Equal("100", (await server.ExecAsync("b", fork)).Output);
    }

    [Theory]
    [InlineData(ServerUser.Root)]
    [InlineData(ServerUser.Ordinary)]
    public async Task Sandbox_without_limits_has_those_of_the_server(ServerUser user)
    {
        await using TestServer server = await StartAsync("limit-processes", user);
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"none"}""");
        Assert.Equal((4096L, "rlimit"), (made.Limits!.Processes, made.LimitMeans!["processes"]));
        Assert.Null(made.Limits.MemoryBytes);
        Assert.Equal("4096 4096\n", (await server.ExecAsync("a", "awk '/processes/ { print $3, $4 }' /proc/self/limits")).Output);

        // Restarted, and with another limit.
        await server.PostAsync("v1/sandbox/a/stop");
        Assert.Equal("4096\n", (await server.ExecAsync("a", "ulimit -Hu")).Output);
        SandboxInfo other = await server.CreateAsync("""{"id":"b","network":"none","limits":{"processes":5000}}""");
        Assert.Equal(5000, other.Limits!.Processes);
    }

    [Fact]
    public async Task Resources_are_limited_as_by_Docker()
    {
        await using TestServer server = TestServer.Prepare(TestMachine.CurrentUser);
        string[] raised = ["prlimit", "--nofile=2000000:2000000", "--memlock=unlimited", "--nice=40", "--rtprio=99", "--"];
        ProcessResult probe = await SandboxdProgram.RunAsync(
            raised, TestMachine.Programs, TestMachine.IdOf(server.User), server.Environment, ["--version"]);
        Assert.SkipWhen(
            probe.Error.Contains("prlimit", StringComparison.Ordinal),
            "NOT TESTED: lower limits of files, memory and priorities in a sandbox, since these tests may not raise their own.");
        server.Launcher = raised;
        await server.StartAsync();
        await server.CreateAsync("""{"id":"a","network":"none"}""");
        ProcessResult run = await server.ExecAsync("a", "ulimit -Hn; ulimit -Hl; ulimit -He; ulimit -Hr; ulimit -c 0; ulimit -Hc");
        Assert.Equal("1048576\n8192\n0\n0\n0\n", run.Output);
    }

    [Fact]
    public async Task Server_with_low_limits_runs_sandboxes()
    {
        await using TestServer server = TestServer.Prepare(ServerUser.Ordinary);
        server.Launcher = ["prlimit", "--core=0:0", "--nproc=2000:2000", "--nofile=512:600", "--memlock=65536:65536", "--"];
        await server.StartAsync();
        SandboxInfo made = await server.CreateAsync("""{"id":"a","network":"none"}""");
        Assert.Equal("0\n65536\n600\n", (await server.ExecAsync("a", "ulimit -Hc; echo $(($(ulimit -Hl) * 1024)); ulimit -Hn")).Output);
        Assert.Equal(made.Limits is null ? null : 2000, made.Limits?.Processes);

        // Control groups enforce it beyond the server's own limit, rlimits do not.
        HttpResponseMessage answer = await server.PostAsync("v1/sandbox", """{"id":"b","network":"none","limits":{"processes":3000}}""");
        if (!answer.IsSuccessStatusCode)
        {
            ErrorBody error = await ApiTests.AssertErrorAsync(answer, 501, ErrorCodes.Unsupported);
            Assert.Equal("limits.processes", error.Field);
            Assert.Contains("2000", error.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Processor_limit_is_enforced()
    {
        await using TestServer server = await StartAsync("limit-cpus");
        await server.CreateAsync("""{"id":"a","network":"none","limits":{"cpus":0.25}}""");
        ProcessResult run = await server.ExecAsync("a", """
            TIMEFORMAT='%R %U %S'; time timeout 2 sh -c 'while :; do :; done'
            """);
        double[] seconds = [.. run.Error.Split(' ', StringSplitOptions.TrimEntries).Select(part => double.Parse(part, CultureInfo.InvariantCulture))];
        Assert.InRange(seconds[1] + seconds[2], 0, seconds[0] / 2);
    }

    [Fact]
    public async Task Limits_survive_restarts_and_are_removed_with_the_sandbox()
    {
        await using TestServer server = await StartAsync("limit-processes");
        await server.CreateAsync("""{"id":"a","network":"none","limits":{"processes":64,"memoryBytes":268435456,"cpus":1}}""");
        string[] groups = server.RecordOf("a").Groups;
        Assert.NotEmpty(groups);
        Assert.All(groups, group => Assert.NotEmpty(File.ReadAllLines($"{group}/cgroup.procs")));
        await server.PostAsync("v1/sandbox/a/stop");
        Assert.DoesNotContain(groups, Directory.Exists);

        await server.ExecAsync("a", "true");
        Assert.All(server.RecordOf("a").Groups, group => Assert.NotEmpty(File.ReadAllLines($"{group}/cgroup.procs")));
        await server.KillAsync();
        await server.StartAsync();
        groups = server.RecordOf("a").Groups;
        Assert.NotEmpty(groups);
        await server.Client.DeleteAsync("v1/sandbox/a");
        Assert.DoesNotContain(groups, Directory.Exists);
    }

    [Fact]
    public async Task Limit_that_the_host_cannot_enforce_is_refused_by_name()
    {
        await using TestServer server = await TestServer.StartAsync(ServerUser.Ordinary);
        foreach (Ability ability in (await server.GetServerInfoAsync()).Abilities.Where(
            ability => ability.Name.StartsWith("limit-", StringComparison.Ordinal) && !ability.Available))
        {
            (string field, string value) = ability.Name switch
            {
                "limit-memory" => ("memoryBytes", "100000000"),
                "limit-processes" => ("processes", "100"),
                "limit-cpus" => ("cpus", "1"),
                _ => ("diskBytes", "100000000"),
            };
            ErrorBody error = await ApiTests.AssertErrorAsync(
                await server.PostAsync("v1/sandbox", $$$"""{"limits":{"{{{field}}}":{{{value}}}}}"""), 501, ErrorCodes.Unsupported);
            Assert.Equal($"limits.{field}", error.Field);
            Assert.Contains(ability.Remedy!, error.Error, StringComparison.Ordinal);
        }

        Assert.Empty(server.Records());
    }

    private static async Task<TestServer> StartAsync(string ability, ServerUser user = ServerUser.Root)
    {
        TestServer server = await TestServer.StartAsync(user);
        Ability found = (await server.GetServerInfoAsync()).Abilities.Single(other => other.Name == ability);
        if (!found.Available)
        {
            await server.DisposeAsync();
            Assert.Skip($"NOT TESTED: {ability}. {found.Reason}");
        }

        return server;
    }
}

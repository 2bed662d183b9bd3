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

using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>Creation, restart and removal of a sandbox.</summary>
internal sealed class SandboxFamily : IFamily
{
    private const string Floor = "bwrap of /bin/true";

    public string Name => "sandboxes";

    public async Task RunAsync(BenchmarkContext bench)
    {
        // The first sandbox also installs the agent.
        await bench.Client.Sandbox((await CreateAsync(bench, null)).Id).RemoveAsync(bench.Stop);
        double floor = new Series(await Sampler.ManyAsync(bench.Count(60), BubblewrapAsync)).Median;
        foreach (string? network in (string?[])[SandboxNetworks.None, null])
        {
            await OneAfterTheOtherAsync(bench, network, floor);
        }

        await WithPoolAsync(bench, floor);
        await AtOnceAsync(bench, floor);
    }

    private static Task BubblewrapAsync() =>
        Programs.RunAsync("/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/bin/true");

    private static Task<SandboxInfo> CreateAsync(BenchmarkContext bench, string? network) =>
        bench.Client.CreateSandboxAsync(new() { Network = network }, bench.Stop);

    private async Task OneAfterTheOtherAsync(BenchmarkContext bench, string? network, double floor)
    {
        List<double> creations = [], withFirst = [], removals = [];
        string got = "";
        for (int i = 0; i < bench.Count(100); i++)
        {
            SandboxInfo made = null!;
            double creation = await Sampler.OnceAsync(async () => made = await CreateAsync(bench, network));
            got = made.Network;
            double first = await Sampler.OnceAsync(() => new CommandClient(bench.Client, made.Id, null).RunAsync("true", bench.Stop));
            creations.Add(creation);
            withFirst.Add(creation + first);
            removals.Add(await Sampler.OnceAsync(() => bench.Client.Sandbox(made.Id).RemoveAsync(bench.Stop)));
        }

        string suffix = network is null ? $" (network by default, which is '{got}' here)" : $" (network '{got}')";
        Series created = new(creations), used = new(withFirst), removed = new(removals);
        bench.Add(new(Name, $"create a sandbox{suffix}", created.Median, "ms") { P95 = created.P95, Floor = floor, FloorName = Floor });
        bench.Add(new(Name, $"create a sandbox, first command{suffix}", used.Median, "ms")
        {
            P95 = used.P95,
            Floor = floor,
            FloorName = Floor,
            Goal = Goal.AtMost(used.Median, 40, "ms", "cold"),
        });
        bench.Add(new(Name, $"remove a sandbox{suffix}", removed.Median, "ms") { P95 = removed.P95, Floor = floor, FloorName = Floor });
    }

    private async Task WithPoolAsync(BenchmarkContext bench, double floor)
    {
        await using BenchmarkServer server = await BenchmarkServer.StartAsync(bench.Stop, poolSize: 1);
        await server.Client.CreateSandboxAsync(new(), bench.Stop);
        List<double> creations = [], withFirst = [];
        for (int i = 0; i < bench.Count(100); i++)
        {
            await server.WaitForPooledAsync(bench.Stop);
            SandboxInfo made = null!;
            double creation = await Sampler.OnceAsync(async () => made = await server.Client.CreateSandboxAsync(new(), bench.Stop));
            double first = await Sampler.OnceAsync(() => new CommandClient(server.Client, made.Id, null).RunAsync("true", bench.Stop));
            creations.Add(creation);
            withFirst.Add(creation + first);
            await server.Client.Sandbox(made.Id).RemoveAsync(bench.Stop);
        }

        Series created = new(creations), used = new(withFirst);
        bench.Add(new(Name, "create a sandbox, of a spare", created.Median, "ms") { P95 = created.P95, Floor = floor, FloorName = Floor });
        bench.Add(new(Name, "create a sandbox, first command, of a spare", used.Median, "ms")
        {
            P95 = used.P95,
            Floor = floor,
            FloorName = Floor,
            Goal = Goal.AtMost(used.Median, 8, "ms", "with a spare"),
        });
    }

    private async Task AtOnceAsync(BenchmarkContext bench, double floor)
    {
        int count = bench.Count(100);
        SandboxInfo[] made = [];
        double all = await Sampler.OnceAsync(
            async () => made = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => CreateAsync(bench, SandboxNetworks.None))));
        double use = await Sampler.OnceAsync(
            () => Task.WhenAll(made.Select(sandbox => new CommandClient(bench.Client, sandbox.Id, null).RunAsync("true", bench.Stop))));
        double removal = await Sampler.OnceAsync(() => Task.WhenAll(made.Select(sandbox => bench.Client.Sandbox(sandbox.Id).RemoveAsync(bench.Stop))));
        bench.Add(new(Name, $"create {count} sandboxes at once, each", all / count, "ms") { Floor = floor, FloorName = Floor });
        bench.Add(new(Name, $"first command in {count} sandboxes at once, each", use / count, "ms"));
        bench.Add(new(Name, $"remove {count} sandboxes at once, each", removal / count, "ms"));
    }
}

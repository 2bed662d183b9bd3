using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;

namespace Sandbox.Benchmarks.Families;

/// <summary>Baselines of this machine, for orientation. Every other measurement alternates with its own baseline.</summary>
internal sealed class FloorFamily : IFamily
{
    public string Name => "floors";

    public async Task RunAsync(BenchmarkContext bench)
    {
        int count = bench.Count(400);
        (Series bash, Series spawn) = await Sampler.InTurnsAsync(
            count, () => Programs.RunAsync(Programs.Bash, "-c", "true"), () => Programs.RunAsync("/bin/true"));
        bench.Add(new(Name, "posix_spawn of /bin/true", spawn.Median, "ms") { P95 = spawn.P95 });
        bench.Add(new(Name, "bash -c true", bash.Median, "ms") { P95 = bash.P95, Floor = spawn.Median, FloorName = "posix_spawn" });

        using PipedShell shell = new();
        Series piped = new(await Sampler.ManyAsync(count, () => shell.RunAsync("true")));
        bench.Add(new(Name, "builtin in a bash over pipes", piped.Median, "ms") { P95 = piped.P95 });

        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = "s" }, bench.Stop);
        using HttpFloor through = new(bench.Server.Endpoint);
        using HttpFloor direct = new(sandbox.Agent);
        (Series server, Series agent) = await Sampler.InTurnsAsync(
            bench.Count(2000), () => through.SendAsync(sandbox.Id, "s"), () => direct.SendAsync(sandbox.Id, "s"));
        bench.Add(new(Name, "HTTP round trip, direct to the agent", agent.Median, "ms") { P95 = agent.P95 });
        bench.Add(new(Name, "HTTP round trip, through the server", server.Median, "ms") { P95 = server.P95, Floor = agent.Median, FloorName = "HTTP direct" });
    }
}

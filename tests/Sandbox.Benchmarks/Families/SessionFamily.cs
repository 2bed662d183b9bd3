using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>Creation and removal of a session.</summary>
internal sealed class SessionFamily : IFamily
{
    public string Name => "sessions";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        List<double> creations = [], firsts = [], removals = [], floors = [];
        int count = bench.Count(200);
        for (int i = 0; i < count + 10; i++)
        {
            double floor = await Sampler.OnceAsync(() => Programs.RunAsync(Programs.Bash, "-c", "true"));
            string id = Identifier.Generate();
            double creation = await Sampler.OnceAsync(() => bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = id }, bench.Stop));
            double first = await Sampler.OnceAsync(() => new CommandClient(bench.Client, sandbox.Id, id).RunAsync("true", bench.Stop));
            double removal = await Sampler.OnceAsync(() => bench.Client.Sandbox(sandbox.Id).Session(id).RemoveSessionAsync(bench.Stop));
            if (i >= 10)
            {
                floors.Add(floor);
                creations.Add(creation);
                firsts.Add(first);
                removals.Add(removal);
            }
        }

        Series floorSeries = new(floors), created = new(creations), removed = new(removals);
        Series used = new(creations.Zip(firsts, (creation, first) => creation + first));
        bench.Add(Beside(created, "create a session") with { Goal = Goal.AtMost(created.Median, 4, "ms") });
        bench.Add(Beside(used, "create a session and run its first command"));
        bench.Add(Beside(removed, "remove a session"));

        Figure Beside(Series series, string name) =>
            new(Name, name, series.Median, "ms") { P95 = series.P95, Floor = floorSeries.Median, FloorName = "bash -c true" };
    }
}

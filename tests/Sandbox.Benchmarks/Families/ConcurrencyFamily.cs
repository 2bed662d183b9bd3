using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;

namespace Sandbox.Benchmarks.Families;

/// <summary>Throughput of concurrent sessions.</summary>
internal sealed class ConcurrencyFamily : IFamily
{
    private const int Most = 32;

    public string Name => "concurrency";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        CommandClient[] sessions = await Task.WhenAll(Enumerable.Range(0, Most).Select(async number =>
        {
            await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = $"s{number}" }, bench.Stop);
            return new CommandClient(bench.Client, sandbox.Id, $"s{number}");
        }));
        using HttpFloor http = new(bench.Server.Endpoint);
        TimeSpan duration = TimeSpan.FromSeconds(bench.Quick ? 0.5 : 4);
        foreach (int workers in (int[])[1, 8, Most])
        {
            await Sampler.RateAsync(workers, duration / 4, worker => sessions[worker].RunAsync("true", bench.Stop));
            double floor = await Sampler.RateAsync(workers, duration / 2, worker => http.SendAsync(sandbox.Id, $"s{worker}"));
            double rate = await Sampler.RateAsync(workers, duration, worker => sessions[worker].RunAsync("true", bench.Stop));
            bench.Add(new(Name, $"builtins in {workers} session{(workers == 1 ? "" : "s at once")}", rate, "1/s")
            {
                Floor = floor,
                FloorName = "HTTP through the server",
                MoreIsBetter = true,
                Goal = workers == Most ? Goal.AtLeast(rate, 4000, "1/s") : null,
            });
        }
    }
}

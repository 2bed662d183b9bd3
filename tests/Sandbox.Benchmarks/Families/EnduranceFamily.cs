using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;

namespace Sandbox.Benchmarks.Families;

/// <summary>Memory, descriptors and disk space after many commands.</summary>
internal sealed class EnduranceFamily : IFamily
{
    // As much output as a small build step: logs are kept up to their retention limit.
    private const string Command = "printf '%01000d' 1";

    public string Name => "endurance";

    public async Task RunAsync(BenchmarkContext bench)
    {
        Resources.RequireRoot();
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = "s" }, bench.Stop);
        CommandClient session = new(bench.Client, sandbox.Id, "s");
        int agent = sandbox.AgentProcess();
        int total = bench.Count(10_000);
        int early = total / 10;
        await Sampler.ManyAsync(early, () => session.RunAsync(Command, bench.Stop));
        State before = Look();
        Series times = new(await Sampler.ManyAsync(total - early, () => session.RunAsync(Command, bench.Stop)));
        State after = Look();

        string floor = $"after {early:#,0}";
        bench.Add(new(Name, $"1 kB of output, in {total:#,0} commands of one session", times.Median, "ms") { P95 = times.P95 });
        bench.Add(Beside("agent's descriptors", "", before.AgentDescriptors, after.AgentDescriptors, 2));
        bench.Add(Beside("server's descriptors", "", before.ServerDescriptors, after.ServerDescriptors, 2));
        bench.Add(Beside("sandbox's memory", "MiB", before.SandboxMemory, after.SandboxMemory, 4));
        bench.Add(Beside("server's memory", "MiB", before.ServerMemory, after.ServerMemory, 4));
        bench.Add(Beside("sandbox's disk", "MiB", before.Disk, after.Disk, 64));

        State Look() => new(
            Resources.DescriptorsOf(agent), Resources.DescriptorsOf(bench.Server.ProcessId),
            Resources.MemoryOf(sandbox.Processes().Select(process => process.Id)),
            Resources.MemoryOf(bench.Server.ProcessId), Resources.DiskOf(sandbox.Directory));

        Figure Beside(string name, string unit, double was, double now, double room) =>
            new(Name, $"{name} after {total:#,0} commands", now, unit) { Floor = was, FloorName = floor, Goal = Goal.AtMost(now, was + room, unit, "flat") };
    }

    private sealed record State(int AgentDescriptors, int ServerDescriptors, double SandboxMemory, double ServerMemory, double Disk);
}

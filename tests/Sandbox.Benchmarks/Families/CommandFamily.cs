using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Families;

/// <summary>Round-trip time of one small command from the client.</summary>
internal sealed class CommandFamily : IFamily
{
    private const string Session = "s";

    public string Name => "commands";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = Session }, bench.Stop);
        CommandClient inSession = new(bench.Client, sandbox.Id, Session);
        CommandClient fresh = new(bench.Client, sandbox.Id, null);
        CommandClient direct = new(new SandboxClient(sandbox.Agent), sandbox.Id, Session);
        using HttpFloor http = new(bench.Server.Endpoint);
        using HttpFloor httpDirect = new(sandbox.Agent);

        (Series work, Series floor) = await Sampler.InTurnsAsync(
            bench.Count(2000), () => inSession.RunAsync("true", bench.Stop), () => http.SendAsync(sandbox.Id, Session));
        bench.Add(new(Name, "builtin in a session", work.Median, "ms")
        {
            P95 = work.P95,
            Floor = floor.Median,
            FloorName = "HTTP through the server",
            Goal = Goal.AtMost(work.Median, 0.5, "ms").And(Goal.AtMost(work.Median / floor.Median, 5, "× floor")),
        });

        await MeasureProcessorTimeAsync(bench, sandbox, "builtin", () => inSession.RunAsync("true", bench.Stop));
        await MeasureProcessorTimeAsync(bench, sandbox, "HTTP round trip", () => http.SendAsync(sandbox.Id, Session));

        (work, floor) = await Sampler.InTurnsAsync(
            bench.Count(2000), () => direct.RunAsync("true", bench.Stop), () => httpDirect.SendAsync(sandbox.Id, Session));
        bench.Add(new(Name, "builtin in a session, past the server", work.Median, "ms") { P95 = work.P95, Floor = floor.Median, FloorName = "HTTP direct" });

        using PipedShell shell = new();
        (work, floor) = await Sampler.InTurnsAsync(bench.Count(1000), () => inSession.RunAsync("echo", bench.Stop), () => shell.RunAsync("true"));
        bench.Add(new(Name, "echo in a session", work.Median, "ms") { P95 = work.P95, Floor = floor.Median, FloorName = "bash over pipes" });

        (work, floor) = await Sampler.InTurnsAsync(bench.Count(500), () => inSession.RunAsync("/bin/true", bench.Stop), () => Programs.RunAsync("/bin/true"));
        bench.Add(new(Name, "external command in a session", work.Median, "ms")
        {
            P95 = work.P95,
            Floor = floor.Median,
            FloorName = "posix_spawn",
            Goal = Goal.AtMost(work.Median, (1.5 * floor.Median) + 0.6, "ms", "1.5 × floor + 0.6"),
        });

        (work, floor) = await Sampler.InTurnsAsync(
            bench.Count(400), () => fresh.RunAsync("true", bench.Stop), () => Programs.RunAsync(Programs.Bash, "-c", "true"));
        bench.Add(new(Name, "command without a session", work.Median, "ms")
        {
            P95 = work.P95,
            Floor = floor.Median,
            FloorName = "bash -c true",
            Goal = Goal.AtMost(work.Median, floor.Median + 1, "ms", "floor + 1"),
        });
    }

    /// <summary>Processor time per command: unlike elapsed time it does not depend on the load of the machine.</summary>
    private async Task MeasureProcessorTimeAsync(BenchmarkContext bench, BenchmarkSandbox sandbox, string name, Func<Task> work)
    {
        int count = bench.Count(4000);
        (string Name, int Process)[] parts = [("client", Environment.ProcessId), ("server", bench.Server.ProcessId), ("agent", sandbox.AgentProcess())];
        double[] before = [.. parts.Select(part => Resources.ProcessorTimeOf(part.Process))];
        await Sampler.ManyAsync(count, work);
        foreach (((string part, int process), double begin) in parts.Zip(before))
        {
            bench.Add(new(Name, $"processor time of the {part} per {name}", (Resources.ProcessorTimeOf(process) - begin) / count, "ms"));
        }
    }
}

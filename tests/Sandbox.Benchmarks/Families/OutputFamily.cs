using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Families;

/// <summary>Throughput of output to a client that counts it.</summary>
internal sealed class OutputFamily : IFamily
{
    private const int Mega = 1_000_000;
    private const int ReadSize = 128 * 1024;

    public string Name => "output";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = "s" }, bench.Stop);
        CommandClient session = new(bench.Client, sandbox.Id, "s");
        bool isRoot = CurrentProcess.EffectiveUserId == 0;
        int[] processes = isRoot ? [sandbox.AgentProcess(), bench.Server.ProcessId, Environment.ProcessId] : [];
        foreach (int megabytes in (int[])[1, 10, 50, 500])
        {
            if (bench.Quick && megabytes > 50)
            {
                continue;
            }

            int count = bench.Count(Math.Clamp(500 / megabytes, 5, 50));
            double before = Resources.MemoryOf(processes);
            double[] used = [.. processes.Select(Resources.ProcessorTimeOf)];
            (Series work, Series floor) = await Sampler.InTurnsAsync(count, () => PrintAsync(session, megabytes, bench.Stop), () => PipeAsync(megabytes));
            double rate = megabytes * 1000 / work.Median;
            bench.Add(new(Name, $"{megabytes} MB of output", rate, "MB/s")
            {
                Floor = megabytes * 1000 / floor.Median,
                FloorName = "the same over a pipe",
                MoreIsBetter = true,
                Goal = megabytes == 50 ? Goal.AtLeast(rate, 300, "MB/s") : null,
            });
            if (isRoot && megabytes >= 50)
            {
                string[] parts = ["agent", "server", "client"];
                foreach (((string part, int process), double begin) in parts.Zip(processes).Zip(used))
                {
                    bench.Add(new(Name, $"processor time of the {part} per 50 MB of output",
                        (Resources.ProcessorTimeOf(process) - begin) / (count + (count / 4)) * 50 / megabytes, "ms"));
                }

                double growth = Resources.MemoryOf(processes) - before;
                bench.Add(new(Name, $"memory that {count + (count / 4)} × {megabytes} MB of output left in agent, server and client", growth,
                    "MiB") { Goal = Goal.AtMost(growth, 16, "MiB", "flat") });
            }
        }
    }

    private static async Task PrintAsync(CommandClient session, int megabytes, CancellationToken cancellationToken)
    {
        long count = await session.RunAsync($"head -c {megabytes}000000 /dev/zero", cancellationToken);
        if (count != (long)megabytes * Mega)
        {
            throw new InvalidOperationException($"{count} bytes came of {megabytes} MB.");
        }
    }

    private static Task PipeAsync(int megabytes)
    {
        using PipedShell shell = new("-c", $"head -c {megabytes}000000 /dev/zero");
        byte[] buffer = new byte[ReadSize];
        while (shell.Read(buffer) > 0)
        {
        }

        return Task.CompletedTask;
    }
}

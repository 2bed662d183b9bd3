using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>Throughput of input to a command that counts it.</summary>
internal sealed class InputFamily : IFamily
{
    private const int WriteSize = 100_000;

    public string Name => "input";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = "s" }, bench.Stop);
        foreach (int megabytes in (int[])[1, 10, 50, 500])
        {
            if (bench.Quick && megabytes > 50)
            {
                continue;
            }

            int count = bench.Count(Math.Clamp(500 / megabytes, 5, 50));
            (Series work, Series floor) = await Sampler.InTurnsAsync(count, () => SendAsync(bench, sandbox.Id, megabytes), () => PipeAsync(megabytes));
            bench.Add(new(Name, $"{megabytes} MB of input", megabytes * 1000 / work.Median, "MB/s")
            {
                Floor = megabytes * 1000 / floor.Median,
                FloorName = "the same over a pipe",
                MoreIsBetter = true,
            });
        }
    }

    private static async Task SendAsync(BenchmarkContext bench, string sandbox, int megabytes)
    {
        string id = Identifier.Generate();
        using CommandReader reader = await bench.Client.Sandbox(sandbox).Session("s").Process(id).ExecAsync(
            new() { Command = $"[ \"$(wc -c)\" = {megabytes}000000 ]", StdinOpen = true }, bench.Stop);
        Task sending = bench.Client.Sandbox(sandbox).Process(id).SendInputAsync(async (stream, cancellationToken) =>
        {
            byte[] block = new byte[WriteSize];
            for (int i = 0; i < megabytes * 10; i++)
            {
                await stream.WriteAsync(block, cancellationToken);
            }
        }, bench.Stop);
        await CommandClient.CountAsync(reader, bench.Stop);
        await sending;
    }

    private static Task PipeAsync(int megabytes)
    {
        using PipedShell shell = new("-c", "wc -c");
        byte[] block = new byte[WriteSize];
        for (int i = 0; i < megabytes * 10; i++)
        {
            shell.Write(block);
        }

        shell.EndInput();
        while (shell.Read(block) > 0)
        {
        }

        return Task.CompletedTask;
    }
}

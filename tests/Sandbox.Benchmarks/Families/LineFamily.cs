using System.Globalization;
using System.Text;
using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>Latency of a printed line. Each line is the time at which it was printed, by the clock the reader uses too.</summary>
internal sealed class LineFamily : IFamily
{
    public string Name => "lines";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = "s" }, bench.Stop);
        int count = bench.Count(500);

        // Input that never arrives: 'read -t' lets bash wait between lines without starting 'sleep'.
        string command = $"for ((i = 0; i < {count}; i++)); do read -rt 0.005; printf '%s\\n' \"$EPOCHREALTIME\"; done; true";
        Series floor = new(ThroughPipe(command, count));
        Series work = new(await ThroughServerAsync(bench, sandbox.Id, command));
        bench.Add(new(Name, "a printed line at the client", work.Median, "ms")
        {
            P95 = work.P95,
            Floor = floor.Median,
            FloorName = "the same over a pipe",
            Goal = Goal.AtMost(work.Median, 1, "ms"),
        });
    }

    private static async Task<List<double>> ThroughServerAsync(BenchmarkContext bench, string sandbox, string command)
    {
        List<double> ages = [];
        using CommandReader reader = await bench.Client.Sandbox(sandbox).Session("s").Process(Identifier.Generate()).ExecAsync(
            new() { Command = command, StdinOpen = true }, bench.Stop);
        await foreach (CommandEvent current in reader.ReadAsync(bench.Stop))
        {
            if (current is CommandOutput output)
            {
                ages.AddRange(AgesOf(output.Data.Span));
            }
        }

        return ages;
    }

    private static List<double> ThroughPipe(string command, int count)
    {
        using PipedShell shell = new("-c", command);
        List<double> ages = [];
        byte[] buffer = new byte[4096];
        while (ages.Count < count && shell.Read(buffer) is > 0 and int length)
        {
            ages.AddRange(AgesOf(buffer.AsSpan(0, length)));
        }

        return ages;
    }

    private static IEnumerable<double> AgesOf(ReadOnlySpan<byte> lines)
    {
        double now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalMilliseconds;
        return [.. Encoding.ASCII.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => now - (double.Parse(line, CultureInfo.InvariantCulture) * 1000))];
    }
}

using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Protocol;

namespace Sandbox.Benchmarks.Families;

/// <summary>Memory of idle sandboxes and sessions, averaged over many.</summary>
internal sealed class MemoryFamily : IFamily
{
    public string Name => "memory";

    public async Task RunAsync(BenchmarkContext bench)
    {
        Resources.RequireRoot();
        int count = bench.Count(100);
        await MeasureSessionsAsync(bench, count);
        foreach (string? network in (string?[])[SandboxNetworks.None, null])
        {
            await MeasureSandboxesAsync(bench, count, network);
        }
    }

    private async Task MeasureSessionsAsync(BenchmarkContext bench, int count)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await UseAsync(bench, sandbox.Id, "first");
        double before = MemoryOf(sandbox);
        for (int i = 0; i < count; i++)
        {
            await UseAsync(bench, sandbox.Id, $"s{i}");
        }

        double each = (MemoryOf(sandbox) - before) / count;
        PipedShell[] shells = [.. Enumerable.Range(0, count).Select(_ => new PipedShell("-i"))];
        foreach (PipedShell shell in shells)
        {
            await shell.RunAsync("true");
        }

        double floor = Resources.MemoryOf(shells.Select(shell => shell.Id)) / count;
        foreach (PipedShell shell in shells)
        {
            shell.Dispose();
        }

        bench.Add(new(Name, $"idle session, of {count}", each, "MiB") { Floor = floor, FloorName = "idle bash", Goal = Goal.AtMost(each, 3, "MiB") });
    }

    private async Task MeasureSandboxesAsync(BenchmarkContext bench, int count, string? network)
    {
        double server = Resources.MemoryOf(bench.Server.ProcessId);
        List<BenchmarkSandbox> sandboxes = [];
        for (int i = 0; i < count; i++)
        {
            BenchmarkSandbox made = await bench.Server.CreateSandboxAsync(bench.Stop, network);
            sandboxes.Add(made);
            await new CommandClient(bench.Client, made.Id, null).RunAsync("true", bench.Stop);
        }

        double each = sandboxes.Sum(MemoryOf) / count;
        double atServer = (Resources.MemoryOf(bench.Server.ProcessId) - server) / count;
        await Task.WhenAll(sandboxes.Select(sandbox => sandbox.DisposeAsync().AsTask()));
        string suffix = $"of {count} (network {(network is null ? "by default" : $"'{network}'")})";
        bench.Add(new(Name, $"idle sandbox, {suffix}", each, "MiB") { Goal = Goal.AtMost(each, 8, "MiB") });
        bench.Add(new(Name, $"server per sandbox, {suffix}", atServer, "MiB"));
    }

    private static async Task UseAsync(BenchmarkContext bench, string sandbox, string session)
    {
        await bench.Client.Sandbox(sandbox).CreateSessionAsync(new() { Id = session }, bench.Stop);
        await new CommandClient(bench.Client, sandbox, session).RunAsync("true", bench.Stop);
    }

    private static double MemoryOf(BenchmarkSandbox sandbox) => Resources.MemoryOf(sandbox.Processes().Select(process => process.Id));
}

using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Benchmarks.Reporting;

namespace Sandbox.Benchmarks.Families;

/// <summary>The cmdlets in an in-process runspace.</summary>
internal sealed class EngineFamily : IFamily
{
    private const string Session = "s";

    public string Name => "engine";

    public async Task RunAsync(BenchmarkContext bench)
    {
        await using BenchmarkSandbox sandbox = await bench.Server.CreateSandboxAsync(bench.Stop);
        await bench.Client.Sandbox(sandbox.Id).CreateSessionAsync(new() { Id = Session }, bench.Stop);
        CommandClient client = new(bench.Client, sandbox.Id, Session);
        using Runspace runspace = Open(bench.Server);
        Run(runspace, $"$s = Get-SandboxSession {Session} -Sandbox {sandbox.Id}");

        int count = bench.Count(500);
        await MeasureAsync("Invoke-SandboxCommand true", "Invoke-SandboxCommand true -Session $s", "true", count, 1.5);
        await MeasureAsync("Invoke-SandboxCommand true -AsResult", "Invoke-SandboxCommand true -Session $s -AsResult", "true", count, null);
        await MeasureAsync("$session | Invoke-SandboxCommand true", "$s | Invoke-SandboxCommand true", "true", count, null);
        await MeasureAsync("100,000 lines", "Invoke-SandboxCommand 'seq 100000' -Session $s", "seq 100000", bench.Count(40), null);
        await MeasureAsync(
            "50 MB -AsByteStream", "Invoke-SandboxCommand 'head -c 50000000 /dev/zero' -Session $s -AsByteStream", "head -c 50000000 /dev/zero", 5, null);
        await MeasureAsync("100 lines of input", "1..100 | Invoke-SandboxCommand cat -Session $s", "seq 100", count, null);

        async Task MeasureAsync(string name, string script, string command, int times, double? goal)
        {
            double[] ticks = Run(runspace, Timed(script, times + (times / 4)));
            Series work = new(ticks.Skip(times / 4).Select(value => value * 1000 / Stopwatch.Frequency));
            Series floor = new(await Sampler.ManyAsync(times, () => client.RunAsync(command, bench.Stop)));
            bench.Add(new(Name, name, work.Median, "ms")
            {
                P95 = work.P95,
                Floor = floor.Median,
                FloorName = "the same by the client library",
                Goal = goal is { } limit ? Goal.AtMost(work.Median, limit, "ms") : null,
            });
        }
    }

    /// <summary>Runspace with the module, connected to a server.</summary>
    public static Runspace Open(BenchmarkServer server)
    {
        InitialSessionState state = InitialSessionState.CreateDefault2();
        state.ImportPSModule(Path.Combine(BenchmarkServer.ModuleFolder, "Sandbox.psd1"));
        Runspace runspace = RunspaceFactory.CreateRunspace(state);
        runspace.Open();
        Run(runspace, $"Connect-SandboxServer '{server.Endpoint}'");
        return runspace;
    }

    /// <summary>Runs a script; throws when it fails.</summary>
    /// <returns>The numbers it emitted.</returns>
    public static double[] Run(Runspace runspace, string script)
    {
        using PowerShell shell = PowerShell.Create(runspace);
        double[] output = [.. shell.AddScript(script).Invoke().Select(item => item.BaseObject).OfType<double>()];
        return shell.Streams.Error.Count == 0 ? output : throw new InvalidOperationException(shell.Streams.Error[0].ToString());
    }

    /// <summary>Returns a script that measures the time of a statement.</summary>
    private static string Timed(string script, int count) =>
        $"for ($i = 0; $i -lt {count}; $i++) {{ $t = [Diagnostics.Stopwatch]::GetTimestamp(); $null = {script}; " +
            $"[double]([Diagnostics.Stopwatch]::GetTimestamp() - $t) }}";
}

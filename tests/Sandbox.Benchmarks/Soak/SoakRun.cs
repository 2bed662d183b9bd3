using System.Diagnostics;
using System.Globalization;
using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Measuring;
using Sandbox.Client;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Soak;

/// <summary>Many sessions under faults for a long time: checks every byte and exit code, that no process is left over, and that memory does not grow.</summary>
/// <param name="seed">The seed of all random numbers.</param>
internal sealed class SoakRun(BenchmarkServer server, int seed, TimeSpan duration)
{
    private const int Sessions = 32;
    private const double MemoryRoom = 8;

    // Memory is measured after the retention limits (such as the number of stored commands) have been reached.
    private const int LooksToJudgeMemory = 24;
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeftOverTimeout = TimeSpan.FromSeconds(10);

    private readonly SoakTally _tally = new();

    /// <returns>Whether there was no fault.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        Progress.Say($"Soak of {duration.TotalMinutes:0.##} minutes, {Sessions} sessions. To repeat its random choices: --seed {seed}");
        await using BenchmarkSandbox sandbox = await server.CreateSandboxAsync(cancellationToken);
        await new CommandClient(server.Client, sandbox.Id, null).RunAsync("true", cancellationToken);
        string[] atRest = NamesIn(sandbox);
        await using BreakingProxy proxy = new(server.Endpoint, seed);
        SandboxClient breaking = new(proxy.Endpoint);
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        enough.CancelAfter(duration);
        Task watching = WatchAsync(sandbox, proxy, enough.Token);
        await Task.WhenAll(Enumerable.Range(0, Sessions).Select(number =>
            new SoakSession(number, sandbox.Id, server.Client, breaking, new Random(HashCode(number)), _tally).RunAsync(enough.Token)));
        await watching;
        await RequireNothingLeftAsync(sandbox, atRest);
        Console.WriteLine(
            $"Soak, seed {seed}: {_tally.Commands} commands ({_tally}), {proxy.Broken} broken connections; " +
            $"{(_tally.Faults == 0 ? "nothing wrong" : $"{_tally.Faults} WRONG")}.");
        return _tally.Faults == 0;
    }

    /// <summary>Derives random numbers for each session from the seed.</summary>
    private int HashCode(int number) => unchecked((seed * 397) ^ (number * 7919));

    private async Task WatchAsync(BenchmarkSandbox sandbox, BreakingProxy proxy, CancellationToken cancellationToken)
    {
        bool isRoot = CurrentProcess.EffectiveUserId == 0;
        List<double> memory = [];
        int agent = isRoot ? sandbox.AgentProcess() : 0;
        for (long last = Stopwatch.GetTimestamp(); !cancellationToken.IsCancellationRequested;)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Stopwatch.GetElapsedTime(last) < LookInterval)
            {
                continue;
            }

            last = Stopwatch.GetTimestamp();
            string held = "";
            if (isRoot)
            {
                // Sessions own their shells; growth is checked in agent and server.
                memory.Add(Resources.MemoryOf(agent, server.ProcessId));
                held = string.Create(
                    CultureInfo.InvariantCulture, $", agent and server hold {memory[^1]:0.0} MiB, " +
                    $"{Resources.DescriptorsOf(agent)} and {Resources.DescriptorsOf(server.ProcessId)} descriptors");
            }

            Progress.Say($"{_tally.Commands} commands, {proxy.Broken} connections broken, {_tally.Faults} wrong{held}");
        }

        RequireFlat(memory);
    }

    /// <summary>Compares the last quarter with the second: caches fill in the first.</summary>
    private void RequireFlat(List<double> memory)
    {
        if (memory.Count < LooksToJudgeMemory)
        {
            Progress.Say("Too short to judge memory.");
            return;
        }

        int quarter = memory.Count / 4;
        double early = new Series(memory.Skip(quarter).Take(quarter)).Median;
        double late = new Series(memory.TakeLast(quarter)).Median;
        Progress.Say(string.Create(CultureInfo.InvariantCulture, $"Memory of agent and server: {early:0.0} MiB early, {late:0.0} MiB late."));
        if (late > early + MemoryRoom)
        {
            _tally.Fail(string.Create(CultureInfo.InvariantCulture, $"memory grew from {early:0.0} to {late:0.0} MiB"));
        }
    }

    private async Task RequireNothingLeftAsync(BenchmarkSandbox sandbox, string[] atRest)
    {
        string[] left = [];
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < LeftOverTimeout;)
        {
            List<string> now = [.. NamesIn(sandbox)];
            foreach (string name in atRest)
            {
                now.Remove(name);
            }

            left = [.. now];
            if (left.Length == 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }

        _tally.Fail($"processes are left over: {string.Join(", ", left)}");
    }

    private static string[] NamesIn(BenchmarkSandbox sandbox) =>
        [.. sandbox.Processes().Where(process => process.IsAlive).Select(process => BenchmarkSandbox.NameOf(process.Id)).Where(name => name.Length > 0)];
}

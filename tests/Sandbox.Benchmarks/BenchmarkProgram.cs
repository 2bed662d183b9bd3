using Sandbox.Benchmarks.Families;
using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Benchmarks.Soak;

namespace Sandbox.Benchmarks;

/// <summary>Main program. Results are written to standard output, progress to standard error.</summary>
internal static class BenchmarkProgram
{
    private const int Failed = 1;
    private const int Misused = 2;

    // In the order of the table.
    private static readonly IReadOnlyList<IFamily> Families =
    [
        new FloorFamily(),
        new CommandFamily(),
        new EngineFamily(),
        new SessionFamily(),
        new SandboxFamily(),
        new ConcurrencyFamily(),
        new OutputFamily(),
        new InputFamily(),
        new LineFamily(),
        new FileFamily(),
        new MemoryFamily(),
        new EnduranceFamily(),
    ];

    public static async Task<int> RunAsync(string[] arguments)
    {
        Options options;
        try
        {
            options = Options.Parse(arguments);
            RequireFamilies(options.Only);
        }
        catch (ArgumentException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Misused;
        }

        if (options.WantsHelp || options.WantsList)
        {
            Console.WriteLine(options.WantsHelp ? Options.Help : string.Join('\n', Families.Select(family => family.Name)));
            return 0;
        }

        using CancellationTokenSource stop = new();
        Console.CancelKeyPress += (_, e) =>
        {
            // Let the server and its sandboxes stop first.
            e.Cancel = true;
            stop.Cancel();
        };
        await using BenchmarkServer server = await BenchmarkServer.StartAsync(stop.Token);
        Progress.Say($"Server {server.Description}.");
        return options.Soak is { } duration
            ? await new SoakRun(server, options.Seed, duration).RunAsync(stop.Token) ? 0 : Failed
            : await MeasureAsync(server, options, stop.Token);
    }

    private static async Task<int> MeasureAsync(BenchmarkServer server, Options options, CancellationToken cancellationToken)
    {
        Report report = new(Machine.Describe(), server.Description, options.Quick);
        BenchmarkContext bench = new(server, options.Quick, report, cancellationToken);
        bool failed = false;
        foreach (IFamily family in Families.Where(family => options.Only.Count == 0 || options.Only.Contains(family.Name)))
        {
            Progress.Say($"{family.Name} …");
            try
            {
                await family.RunAsync(bench);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // The results of the other families are still useful.
                failed = true;
                report.Fail(family.Name, e);
                Progress.Say($"{family.Name} failed: {e}");
            }
        }

        Console.WriteLine(TextTable.Write(report));
        if (options.Json is { } file)
        {
            await File.WriteAllTextAsync(file, ReportJson.Write(report), cancellationToken);
        }

        return failed ? Failed : 0;
    }

    private static void RequireFamilies(IEnumerable<string> names)
    {
        if (names.FirstOrDefault(name => Families.All(family => family.Name != name)) is { } unknown)
        {
            throw new ArgumentException($"There is no family '{unknown}'. There are: {string.Join(", ", Families.Select(family => family.Name))}.");
        }
    }
}

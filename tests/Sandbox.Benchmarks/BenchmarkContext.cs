using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;

namespace Sandbox.Benchmarks;

/// <summary>Context of a family of measurements.</summary>
internal sealed class BenchmarkContext(BenchmarkServer server, bool quick, Report report, CancellationToken cancellationToken)
{
    public BenchmarkServer Server => server;

    public SandboxClient Client => server.Client;

    public CancellationToken Stop => cancellationToken;

    public bool Quick => quick;

    /// <summary>Returns the number of repetitions: a tenth of the given number in a quick run.</summary>
    public int Count(int full) => quick ? Math.Max(full / 10, 4) : full;

    public void Add(Figure figure)
    {
        Progress.Say($"  {figure.Name}: {TextTable.Brief(figure)}");
        report.Add(figure);
    }
}

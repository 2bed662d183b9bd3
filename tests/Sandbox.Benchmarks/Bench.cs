using Sandbox.Benchmarks.Hosting;
using Sandbox.Benchmarks.Reporting;
using Sandbox.Client;

namespace Sandbox.Benchmarks;

/// <summary>What a family of figures works with.</summary>
/// <param name="server">The server.</param>
/// <param name="quick">Whether a rough look is enough.</param>
/// <param name="report">Where the figures go.</param>
/// <param name="cancellationToken">Stops the measuring.</param>
internal sealed class Bench(BenchmarkServer server, bool quick, Report report, CancellationToken cancellationToken)
{
    public BenchmarkServer Server => server;

    public SandboxClient Client => server.Client;

    public CancellationToken Stop => cancellationToken;

    public bool Quick => quick;

    /// <summary>How often to do something: a tenth of it in a quick run.</summary>
    public int Count(int full) => quick ? Math.Max(full / 10, 4) : full;

    public void Add(Figure figure)
    {
        Progress.Say($"  {figure.Name}: {TextTable.Brief(figure)}");
        report.Add(figure);
    }
}

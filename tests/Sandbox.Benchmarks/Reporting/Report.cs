namespace Sandbox.Benchmarks.Reporting;

/// <summary>Measurements of one run.</summary>
/// <param name="Server">The version of the measured server.</param>
internal sealed record Report(string Machine, string Server, bool Quick)
{
    private readonly List<Figure> _figures = [];
    private readonly List<string> _failures = [];

    public DateTimeOffset Time { get; } = DateTimeOffset.UtcNow;

    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>Gets the measurements that failed, with the reason.</summary>
    public IReadOnlyList<string> Failures => _failures;

    public void Add(Figure figure) => _figures.Add(figure);

    public void Fail(string family, Exception failure) => _failures.Add($"{family}: {failure.Message}");
}

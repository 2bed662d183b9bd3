namespace Sandbox.Benchmarks.Reporting;

/// <summary>One run's figures.</summary>
/// <param name="Machine">Where it ran.</param>
/// <param name="Server">What was measured.</param>
/// <param name="Quick">Whether it was a rough look.</param>
internal sealed record Report(string Machine, string Server, bool Quick)
{
    private readonly List<Figure> figures = [];
    private readonly List<string> failures = [];

    public DateTimeOffset Time { get; } = DateTimeOffset.UtcNow;

    public IReadOnlyList<Figure> Figures => figures;

    /// <summary>What could not be measured, and why.</summary>
    public IReadOnlyList<string> Failures => failures;

    public void Add(Figure figure) => figures.Add(figure);

    public void Fail(string family, Exception failure) => failures.Add($"{family}: {failure.Message}");
}

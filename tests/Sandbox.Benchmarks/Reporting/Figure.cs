namespace Sandbox.Benchmarks.Reporting;

/// <summary>One measurement and its baseline.</summary>
/// <param name="Family">The family it belongs to.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The value; the median where it was repeated.</param>
internal sealed record Figure(string Family, string Name, double Value, string Unit)
{
    /// <summary>Gets the 95th percentile.</summary>
    public double? P95 { get; init; }

    /// <summary>Gets the name of the baseline.</summary>
    public string? FloorName { get; init; }

    /// <summary>Gets the value of the baseline, in the same unit and from the same run.</summary>
    public double? Floor { get; init; }

    /// <summary>Gets whether higher is better, as for rates.</summary>
    public bool MoreIsBetter { get; init; }

    public Goal? Goal { get; init; }

    /// <summary>Gets how many times worse than the baseline the value is.</summary>
    public double? Ratio => Floor is not { } floor || floor == 0 || Value == 0 ? null : MoreIsBetter ? floor / Value : Value / floor;
}

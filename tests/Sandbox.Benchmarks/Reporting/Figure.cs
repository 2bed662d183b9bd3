namespace Sandbox.Benchmarks.Reporting;

/// <summary>One thing measured, beside the best that this machine could do.</summary>
/// <param name="Family">The family it belongs to.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The figure; of many times the median.</param>
/// <param name="Unit">Its unit.</param>
internal sealed record Figure(string Family, string Name, double Value, string Unit)
{
    /// <summary>What 19 of 20 stayed below.</summary>
    public double? P95 { get; init; }

    /// <summary>What it stands beside.</summary>
    public string? FloorName { get; init; }

    /// <summary>That, in the same unit, from the same run.</summary>
    public double? Floor { get; init; }

    /// <summary>Whether more is better, as of rates.</summary>
    public bool MoreIsBetter { get; init; }

    /// <summary>What it is meant to be.</summary>
    public Goal? Goal { get; init; }

    /// <summary>How many times worse than the floor it is.</summary>
    public double? Ratio => Floor is not { } floor || floor == 0 || Value == 0 ? null : MoreIsBetter ? floor / Value : Value / floor;
}

using System.Globalization;

namespace Sandbox.Benchmarks.Reporting;

/// <summary>Target of a measurement.</summary>
internal sealed record Goal(string Text, bool Reached)
{
    public static Goal AtMost(double value, double limit, string unit, string? why = null) =>
        new(Invariant($"≤ {limit:0.##} {unit}{(why is null ? "" : $" ({why})")}"), value <= limit);

    public static Goal AtLeast(double value, double limit, string unit) => new(Invariant($"≥ {limit:#,0.##} {unit}"), value >= limit);

    public Goal And(Goal other) => new($"{Text}, {other.Text}", Reached && other.Reached);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

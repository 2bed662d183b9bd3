using System.Globalization;
using System.Text;

namespace Sandbox.Benchmarks.Reporting;

/// <summary>Writes a report as a table of text.</summary>
internal static class TextTable
{
    private static readonly string[] Headers = ["Work", "median", "p95", "unit", "floor", "of", "ratio", "goal", ""];

    public static string Write(Report report)
    {
        List<string[]> rows = [Headers, .. report.Figures.Select(Row)];
        int[] widths = [.. Enumerable.Range(0, Headers.Length).Select(column => rows.Max(row => row[column].Length))];
        StringBuilder text = new();
        text.Append(
            CultureInfo.InvariantCulture, $"{report.Time:u}, {report.Machine}; server {report.Server}{(report.Quick ? "; QUICK: not to be quoted" : "")}\n\n");
        string? family = null;
        for (int i = 0; i < rows.Count; i++)
        {
            if (i > 0 && report.Figures[i - 1].Family is var next && next != family)
            {
                text.Append(CultureInfo.InvariantCulture, $"-- {family = next}\n");
            }

            text.AppendJoin("  ", rows[i].Select((cell, column) => IsNumber(column) ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column])))
                .Append('\n');
        }

        Goal[] goals = [.. report.Figures.Select(figure => figure.Goal).OfType<Goal>()];
        text.Append(CultureInfo.InvariantCulture, $"\n{goals.Count(goal => goal.Reached)} of {goals.Length} goals reached.");
        foreach (string failure in report.Failures)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nNOT MEASURED: {failure}");
        }

        return text.ToString();
    }

    /// <summary>Formats a value with its unit.</summary>
    public static string Brief(Figure figure) =>
        $"{Number(figure.Value)} {figure.Unit}{(figure.Ratio is { } ratio ? $", {Number(ratio)} × {figure.FloorName}" : "")}" +
        $"{(figure.Goal is { } goal ? $" ({(goal.Reached ? "reached" : "NOT REACHED")}: {goal.Text})" : "")}";

    private static bool IsNumber(int column) => Headers[column] is "median" or "p95" or "floor" or "ratio";

    private static string[] Row(Figure figure) =>
    [
        figure.Name,
        Number(figure.Value),
        Number(figure.P95),
        figure.Unit,
        Number(figure.Floor),
        figure.FloorName ?? "",
        figure.Ratio is { } ratio ? $"{Number(ratio)} ×" : "",
        figure.Goal?.Text ?? "",
        figure.Goal is null ? "" : figure.Goal.Reached ? "reached" : "NOT REACHED",
    ];

    private static string Number(double? value) => value switch
    {
        null => "",
        >= 100 or <= -100 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
        >= 10 or <= -10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}

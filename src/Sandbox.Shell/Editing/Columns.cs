using System.Text;

namespace Sandbox.Shell;

/// <summary>Lays names out in columns.</summary>
internal static class Columns
{
    private const int Bound = 100;
    private const int Gap = 2;

    /// <summary>The rows, in reading order; a long list is cut and says so.</summary>
    public static string Of(IReadOnlyList<string> names, int width)
    {
        string[] shown = [.. names.Take(Bound)];
        int column = shown.Max(name => name.Length) + Gap;
        int columns = Math.Max(width / column, 1);
        StringBuilder rows = new();
        foreach (string[] row in shown.Chunk(columns))
        {
            rows.Append(string.Concat(row.Select(name => name.PadRight(column))).TrimEnd()).Append("\r\n");
        }

        return names.Count > Bound ? rows.Append($"… and {names.Count - Bound} more\r\n").ToString() : rows.ToString();
    }
}

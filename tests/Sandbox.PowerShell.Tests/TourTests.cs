using System.Text.RegularExpressions;

namespace Sandbox.Tests;

/// <summary>The tour in the README, run line by line.</summary>
[Collection(SharedStyle.Name)]
public sealed partial class TourTests
{
    [Fact]
    public void Tour_prints_what_the_README_shows()
    {
        string tour = Tour().Match(File.ReadAllText(Path.Combine(Paths.Repository, "README.md"))).Groups["text"].Value;
        string[] steps = tour.Split("PS> ", StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(steps);
        using PowerShellEngine engine = new();

        // An ordinary user's sandboxes may have no network here.
        engine.Run("$WarningPreference = 'SilentlyContinue'");
        try
        {
            foreach (string step in steps)
            {
                string[] lines = Lines(step);
                engine.Host.TakeShown();
                _ = engine.Run($"$PSStyle.OutputRendering = 'PlainText'; . {{ {lines[0]} }} | Out-Default").Clean;
                Assert.Equal(lines[1..], Lines(engine.Host.TakeShown()));
            }
        }
        finally
        {
            engine.Run("Get-Sandbox tour* | Remove-Sandbox");
        }
    }

    // Blank lines and trailing spaces depend on the terminal.
    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    [GeneratedRegex(@"^## A tour$.*?^```text\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Tour();
}

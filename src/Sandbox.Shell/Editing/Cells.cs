using System.Text;

namespace Sandbox.Shell;

/// <summary>How many of a terminal's cells a character takes.</summary>
internal static class Cells
{
    // East Asian wide and full-width characters, and pictographs: the blocks of Unicode's EastAsianWidth.txt, not their odd single members.
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
        (0xFE30, 0xFE6F), (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The cells of one text element: its first character's, since what follows combines with it.</summary>
    public static int Of(ReadOnlySpan<char> element)
    {
        Rune.DecodeFromUtf16(element, out Rune rune, out _);
        foreach ((int first, int last) in s_wide)
        {
            if (rune.Value >= first && rune.Value <= last)
            {
                return 2;
            }
        }

        return 1;
    }
}

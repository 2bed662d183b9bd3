using System.Globalization;
using System.Text;

namespace Sandbox.Protocol;

/// <summary>Text from a sandbox that is shown as a name or in a message. It must not control a terminal, nor change the order of what is beside it.</summary>
public static class DisplayText
{
    private const char FirstPicture = '\u2400'; // SYMBOL FOR NULL; the pictures follow the order of the control characters.
    private const char DeletePicture = '\u2421';

    /// <summary>Whether a text has no character that <see cref="Clean"/> replaces.</summary>
    /// <param name="text">The text.</param>
    public static bool IsClean(string text) => !text.Any(IsUnsafe);

    /// <summary>Returns the text with its control characters as pictures: ESC becomes U+241B. Other unsafe characters become U+FFFD.</summary>
    /// <param name="text">The text.</param>
    public static string Clean(string text)
    {
        if (IsClean(text))
        {
            return text;
        }

        StringBuilder clean = new(text.Length);
        foreach (char character in text)
        {
            _ = clean.Append(!IsUnsafe(character) ? character
                : character < ' ' ? (char)(FirstPicture + character)
                : character == '\u007f' ? DeletePicture
                : '\ufffd');
        }

        return clean.ToString();
    }

    /// <summary>Like <see cref="Clean"/>, for messages: line breaks stay.</summary>
    /// <param name="text">The text.</param>
    public static string CleanLines(string text) => IsClean(text) ? text : string.Join('\n', text.Split('\n').Select(Clean));

    // Control characters, marks of direction, separators of lines and paragraphs. Joiners stay: emoji and some scripts need them.
    private static bool IsUnsafe(char character) => char.IsControl(character)
        || char.GetUnicodeCategory(character) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || character is '\u061c' or '\u200e' or '\u200f' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}

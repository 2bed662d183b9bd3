using System.Buffers;
using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Commands;

/// <summary>Quotes text for bash, and reads words that bash quoted. See bash(1), QUOTING.</summary>
internal static class BashQuoting
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./_-");

    /// <summary>Quotes a text as one word.</summary>
    public static string Quote(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Plain)
        ? text
        : $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>Reads one word as bash writes it (<c>printf %q</c>, <c>declare -p</c>): plain, with backslashes, <c>'…'</c>, <c>"…"</c> or
    /// <c>$'…'</c>.</summary>
    /// <param name="position">The start of the word; afterwards the first byte after it.</param>
    public static string Read(ReadOnlySpan<byte> bytes, ref int position)
    {
        ArrayBufferWriter<byte> word = new();
        while (position < bytes.Length && bytes[position] is not ((byte)' ' or (byte)'\n' or 0))
        {
            switch (bytes[position])
            {
                case (byte)'\'':
                    position++;
                    ReadUntil(bytes, ref position, word, (byte)'\'', static (ReadOnlySpan<byte> _, ref int _, ArrayBufferWriter<byte> _) => false);
                    break;
                case (byte)'"':
                    position++;
                    ReadUntil(bytes, ref position, word, (byte)'"', ReadDoubleQuotedEscape);
                    break;
                case (byte)'$' when position + 1 < bytes.Length && bytes[position + 1] == '\'':
                    position += 2;
                    ReadUntil(bytes, ref position, word, (byte)'\'', ReadAnsiEscape);
                    break;
                case (byte)'\\' when position + 1 < bytes.Length:
                    word.Write(bytes.Slice(position + 1, 1));
                    position += 2;
                    break;
                default:
                    word.Write(bytes.Slice(position++, 1));
                    break;
            }
        }

        return Encoding.UTF8.GetString(word.WrittenSpan);
    }

    private delegate bool EscapeReader(ReadOnlySpan<byte> bytes, ref int position, ArrayBufferWriter<byte> word);

    private static void ReadUntil(ReadOnlySpan<byte> bytes, ref int position, ArrayBufferWriter<byte> word, byte end, EscapeReader readEscape)
    {
        while (position < bytes.Length && bytes[position] != end)
        {
            if (bytes[position] != '\\' || !readEscape(bytes, ref position, word))
            {
                word.Write(bytes.Slice(position++, 1));
            }
        }

        position++;
    }

    private static bool ReadDoubleQuotedEscape(ReadOnlySpan<byte> bytes, ref int position, ArrayBufferWriter<byte> word)
    {
        if (position + 1 >= bytes.Length || bytes[position + 1] is not ((byte)'"' or (byte)'\\' or (byte)'$' or (byte)'`'))
        {
            return false;
        }

        word.Write(bytes.Slice(position + 1, 1));
        position += 2;
        return true;
    }

    private static bool ReadAnsiEscape(ReadOnlySpan<byte> bytes, ref int position, ArrayBufferWriter<byte> word)
    {
        if (position + 1 >= bytes.Length)
        {
            return false;
        }

        byte kind = bytes[position + 1];
        position += 2;
        switch (kind)
        {
            case (byte)'x':
                Append(word, ReadNumber(bytes, ref position, 16, 2));
                break;
            case (byte)'u':
                AppendRune(word, ReadNumber(bytes, ref position, 16, 4));
                break;
            case (byte)'U':
                AppendRune(word, ReadNumber(bytes, ref position, 16, 8));
                break;
            case >= (byte)'0' and <= (byte)'7':
                position--;
                Append(word, ReadNumber(bytes, ref position, 8, 3));
                break;
            default:
                Append(word, kind switch
                {
                    (byte)'a' => 7,
                    (byte)'b' => 8,
                    (byte)'e' or (byte)'E' => 27,
                    (byte)'f' => 12,
                    (byte)'n' => 10,
                    (byte)'r' => 13,
                    (byte)'t' => 9,
                    (byte)'v' => 11,
                    _ => kind,
                });
                break;
        }

        return true;

        static void Append(ArrayBufferWriter<byte> word, int value) => word.Write([(byte)value]);

        static void AppendRune(ArrayBufferWriter<byte> word, int value) =>
            word.Write(Encoding.UTF8.GetBytes((Rune.IsValid(value) ? new Rune(value) : Rune.ReplacementChar).ToString()));
    }

    private static int ReadNumber(ReadOnlySpan<byte> bytes, ref int position, int radix, int maximumDigits)
    {
        int value = 0;
        for (int digits = 0; digits < maximumDigits && position < bytes.Length; digits++, position++)
        {
            NumberStyles style = radix == 16 ? NumberStyles.AllowHexSpecifier : NumberStyles.None;
            if (!int.TryParse([(char)bytes[position]], style, CultureInfo.InvariantCulture, out int digit) || digit >= radix)
            {
                break;
            }

            value = (value * radix) + digit;
        }

        return value;
    }
}

using System.Buffers.Binary;
using System.Globalization;

namespace Sandbox.Protocol;

/// <summary>A position in the output of a command: the number of bytes of each stream before it.</summary>
/// <param name="StandardOutput">Bytes of standard output.</param>
/// <param name="StandardError">Bytes of standard error.</param>
public readonly record struct OutputCursor(long StandardOutput, long StandardError)
{
    /// <summary>The length in a frame: two 8-byte little-endian numbers.</summary>
    public const int Length = 2 * sizeof(long);

    /// <summary>Parses the form of <see cref="ToString"/>, <c>12,34</c>, or a single number: a position in standard output before all of standard
    /// error.</summary>
    public static bool TryParse(string? text, out OutputCursor cursor)
    {
        cursor = default;
        string[] parts = (text ?? "").Split(',');
        if (parts.Length > 2 || !TryParseNumber(parts[0], out long output))
        {
            return false;
        }

        long error = 0;
        if (parts.Length == 2 && !TryParseNumber(parts[1], out error))
        {
            return false;
        }

        cursor = new(output, error);
        return true;

        static bool TryParseNumber(string part, out long number) => long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads a cursor from a frame.</summary>
    /// <exception cref="FormatException">It is too short.</exception>
    public static OutputCursor Read(ReadOnlySpan<byte> payload) => payload.Length >= Length
        ? new(BinaryPrimitives.ReadInt64LittleEndian(payload), BinaryPrimitives.ReadInt64LittleEndian(payload[sizeof(long)..]))
        : throw new FormatException("A position is cut off.");

    /// <summary>Writes the cursor to a frame.</summary>
    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, StandardOutput);
        BinaryPrimitives.WriteInt64LittleEndian(payload[sizeof(long)..], StandardError);
    }

    /// <summary>Returns the position after more bytes of a stream.</summary>
    /// <param name="kind">The stream; other kinds of frames do not count.</param>
    public OutputCursor Plus(FrameKind kind, int count) => kind switch
    {
        FrameKind.StandardOutput => this with { StandardOutput = StandardOutput + count },
        FrameKind.StandardError => this with { StandardError = StandardError + count },
        _ => this,
    };

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StandardOutput},{StandardError}");
}

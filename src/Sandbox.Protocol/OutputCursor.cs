using System.Buffers.Binary;
using System.Globalization;

namespace Sandbox.Protocol;

/// <summary>A place in what a command prints: how many bytes of each stream lie before it.</summary>
/// <param name="StandardOutput">Bytes of standard output.</param>
/// <param name="StandardError">Bytes of standard error.</param>
public readonly record struct OutputCursor(long StandardOutput, long StandardError)
{
    /// <summary>Its length in a frame: two 8-byte little-endian numbers.</summary>
    public const int Length = 2 * sizeof(long);

    /// <summary>Reads what <see cref="ToString"/> writes: <c>12,34</c>; a single number is a place in standard output, with all of standard error behind
    /// it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cursor">The place.</param>
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
    /// <param name="payload">The frame's payload.</param>
    /// <exception cref="FormatException">It is too short.</exception>
    public static OutputCursor Read(ReadOnlySpan<byte> payload) => payload.Length >= Length
        ? new(BinaryPrimitives.ReadInt64LittleEndian(payload), BinaryPrimitives.ReadInt64LittleEndian(payload[sizeof(long)..]))
        : throw new FormatException("A position is cut off.");

    /// <summary>Writes it to a frame.</summary>
    /// <param name="payload">The frame's payload.</param>
    public void Write(Span<byte> payload)
    {
        BinaryPrimitives.WriteInt64LittleEndian(payload, StandardOutput);
        BinaryPrimitives.WriteInt64LittleEndian(payload[sizeof(long)..], StandardError);
    }

    /// <summary>The place behind some more bytes of one stream.</summary>
    /// <param name="kind">The stream; of another kind of frame nothing is counted.</param>
    /// <param name="count">How many bytes.</param>
    public OutputCursor Plus(FrameKind kind, int count) => kind switch
    {
        FrameKind.StandardOutput => this with { StandardOutput = StandardOutput + count },
        FrameKind.StandardError => this with { StandardError = StandardError + count },
        _ => this,
    };

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StandardOutput},{StandardError}");
}

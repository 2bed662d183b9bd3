using System.Buffers.Binary;

namespace Sandbox.Protocol;

/// <summary>Kinds of frames of <see cref="CommandFrame"/>.</summary>
public enum FrameKind : byte
{
    /// <summary>No payload: the connection is alive.</summary>
    Heartbeat = 0,

    /// <summary>Bytes of standard output.</summary>
    StandardOutput = 1,

    /// <summary>Bytes of standard error.</summary>
    StandardError = 2,

    /// <summary>The end of the command, as JSON of <see cref="ExecExit"/>. The last frame of a stream.</summary>
    Exit = 3,

    /// <summary>The command cannot be run or streamed: JSON of <see cref="ErrorBody"/>. The last frame of a stream.</summary>
    Error = 4,

    /// <summary>The <see cref="OutputCursor"/> of the next bytes. Sent after a gap: older output was not retained.</summary>
    Position = 5,

    /// <summary>The <see cref="OutputCursor"/> after all available output: the last frame of a stream that does not follow the command.</summary>
    Pause = 6,
}

/// <summary>A command's stream as binary frames, for clients that ask for <see cref="MediaType"/>: one byte kind, four bytes length (little-endian), then that
/// many bytes. The same events as server-sent events, at a fraction of their cost.</summary>
public static class CommandFrame
{
    /// <summary>The media type in <c>Accept</c>.</summary>
    public const string MediaType = "application/vnd.sandbox.frames";

    /// <summary>The length of a header in bytes.</summary>
    public const int HeaderLength = 5;

    /// <summary>The largest allowed payload in bytes.</summary>
    public const int MaximumPayload = 256 * 1024;

    /// <summary>Writes a header.</summary>
    /// <param name="length">The length of the payload.</param>
    public static void WriteHeader(Span<byte> destination, FrameKind kind, int length)
    {
        destination[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(destination[1..], length);
    }

    /// <summary>Reads the first frame of a block, if it is complete.</summary>
    /// <param name="block">The block; then the rest after the frame.</param>
    /// <exception cref="FormatException">The header is malformed.</exception>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> block, out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        payload = default;
        if (block.Length < HeaderLength)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(block[1..]);
        if (length is < 0 or > MaximumPayload)
        {
            throw new FormatException($"A frame claims to hold {length} bytes.");
        }

        if (block.Length - HeaderLength < length)
        {
            return false;
        }

        kind = (FrameKind)block[0];
        payload = block.Slice(HeaderLength, length);
        block = block[(HeaderLength + length)..];
        return true;
    }
}

using System.Buffers.Binary;

namespace Sandbox.Protocol;

/// <summary>What a <see cref="CommandFrame"/> holds.</summary>
public enum FrameKind : byte
{
    /// <summary>Nothing: the sender is still there.</summary>
    Heartbeat = 0,

    /// <summary>Bytes of standard output.</summary>
    StandardOutput = 1,

    /// <summary>Bytes of standard error.</summary>
    StandardError = 2,

    /// <summary>How the command ended, as the JSON of <see cref="ExecExit"/>. The last frame of a stream.</summary>
    Exit = 3,

    /// <summary>Why it could not be run or followed, as the JSON of <see cref="ErrorBody"/>. The last frame of a stream.</summary>
    Error = 4,

    /// <summary>Where what follows begins, as an <see cref="OutputCursor"/>: comes before bytes that do not follow the ones before them, because older ones
    /// were not kept.</summary>
    Position = 5,

    /// <summary>All there is so far, as the <see cref="OutputCursor"/> behind it: the last frame of a stream that does not wait for more.</summary>
    Pause = 6,
}

/// <summary>A command's stream as binary frames, for clients that ask for <see cref="MediaType"/>: one byte kind, four bytes length (little-endian), then that
/// many bytes. The same events as server-sent events, at a fraction of their cost.</summary>
public static class CommandFrame
{
    /// <summary>What a client says in <c>Accept</c>.</summary>
    public const string MediaType = "application/vnd.sandbox.frames";

    /// <summary>The header's length in bytes.</summary>
    public const int HeaderLength = 5;

    /// <summary>The largest payload a sender may send; a longer one is malformed.</summary>
    public const int MaximumPayload = 256 * 1024;

    /// <summary>Writes a header.</summary>
    /// <param name="destination">Where to.</param>
    /// <param name="kind">What follows.</param>
    /// <param name="length">How long it is.</param>
    public static void WriteHeader(Span<byte> destination, FrameKind kind, int length)
    {
        destination[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(destination[1..], length);
    }

    /// <summary>Takes the first frame off a block, if it is there completely.</summary>
    /// <param name="block">The block; afterwards what follows the frame.</param>
    /// <param name="kind">The frame's kind.</param>
    /// <param name="payload">What it holds.</param>
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

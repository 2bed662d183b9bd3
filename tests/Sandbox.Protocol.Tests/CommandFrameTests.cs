using CsCheck;

namespace Sandbox.Protocol.Tests;

public sealed class CommandFrameTests
{
    private static readonly Gen<(FrameKind Kind, byte[] Payload)[]> Frames = Gen.Select(
        Gen.Byte.Select(value => (FrameKind)value), Gen.Byte.Array[0, 200]).Array[0, 20];

    [Fact]
    public void Frame_round_trips_however_the_buffer_is_split() =>
        Gen.Select(Frames, Gen.Int[0, 5000]).Sample((frames, place) =>
        {
            byte[] whole = Write(frames);
            int cut = place % (whole.Length + 1);
            List<(FrameKind, byte[])> read = [];
            int taken = Take(whole.AsSpan(0, cut), read);
            Take(whole.AsSpan(taken), read);
            return read.Select(Show).SequenceEqual(frames.Select(Show));
        });

    [Fact]
    public void Partial_frame_is_not_consumed() =>
        Gen.Select(Gen.Byte.Array[0, 200], Gen.Int[0, 5000]).Sample((payload, place) =>
        {
            byte[] whole = Write([(FrameKind.StandardOutput, payload)]);
            ReadOnlySpan<byte> part = whole.AsSpan(0, place % whole.Length);
            int length = part.Length;
            return !CommandFrame.TryRead(ref part, out _, out ReadOnlySpan<byte> read) && part.Length == length && read.IsEmpty;
        });

    [Fact]
    public void Any_bytes_are_frames_or_malformed_within_the_buffer() =>
        Gen.Byte.Array[0, 100].Sample(bytes =>
        {
            ReadOnlySpan<byte> rest = bytes;
            try
            {
                while (CommandFrame.TryRead(ref rest, out _, out ReadOnlySpan<byte> payload))
                {
                    Assert.True(payload.Length + CommandFrame.HeaderLength <= bytes.Length);
                }
            }
            catch (FormatException)
            {
                int claimed = BitConverter.ToInt32(rest[1..CommandFrame.HeaderLength]);
                Assert.True(claimed is < 0 or > CommandFrame.MaximumPayload);
            }
        });

    private static int Take(ReadOnlySpan<byte> block, List<(FrameKind, byte[])> read)
    {
        ReadOnlySpan<byte> rest = block;
        while (CommandFrame.TryRead(ref rest, out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            read.Add((kind, payload.ToArray()));
        }

        return block.Length - rest.Length;
    }

    private static byte[] Write(IEnumerable<(FrameKind Kind, byte[] Payload)> frames) => [.. frames.SelectMany(frame =>
    {
        byte[] bytes = new byte[CommandFrame.HeaderLength + frame.Payload.Length];
        CommandFrame.WriteHeader(bytes, frame.Kind, frame.Payload.Length);
        frame.Payload.CopyTo(bytes, CommandFrame.HeaderLength);
        return bytes;
    })];

    private static string Show((FrameKind Kind, byte[] Payload) frame) => $"{(int)frame.Kind} {Convert.ToHexString(frame.Payload)}";
}

using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Command events as binary frames, see <see cref="CommandFrame"/>.</summary>
internal static class FrameFormat
{
    private const int SmallBuffer = 16 * 1024;

    /// <summary>Reads the events of a stream until it ends. The received part of an incomplete output frame is an event too, so that reading can resume after
    /// it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="ApiException">The stream contains an error event.</exception>
    /// <exception cref="FormatException">The stream is malformed.</exception>
    public static async IAsyncEnumerable<CommandEvent?> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Most commands print little: grow the buffer only for a larger frame.
        byte[] buffer = ArrayPool<byte>.Shared.Rent(SmallBuffer);
        try
        {
            int filled = 0;
            while (true)
            {
                int count = 0;
                ExceptionDispatchInfo? broken = null;
                try
                {
                    count = await stream.ReadAsync(buffer.AsMemory(filled), cancellationToken);
                }
                catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException)
                {
                    broken = ExceptionDispatchInfo.Capture(e);
                }

                if (count == 0)
                {
                    if (filled > CommandFrame.HeaderLength && ChannelOf((FrameKind)buffer[0]) is { } channel)
                    {
                        yield return new CommandOutput(channel, buffer.AsSpan(CommandFrame.HeaderLength..filled).ToArray());
                    }

                    broken?.Throw();
                    yield break;
                }

                filled += count;
                int taken = 0;
                while (TryTake(buffer.AsSpan(taken, filled - taken), out int length, out CommandEvent? current))
                {
                    taken += length;
                    yield return current;
                }

                byte[] used = buffer;
                if (taken == 0 && filled == buffer.Length)
                {
                    buffer = ArrayPool<byte>.Shared.Rent(CommandFrame.HeaderLength + CommandFrame.MaximumPayload);
                }

                used.AsSpan(taken, filled - taken).CopyTo(buffer);
                filled -= taken;
                if (used != buffer)
                {
                    ArrayPool<byte>.Shared.Return(used);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool TryTake(ReadOnlySpan<byte> block, out int length, out CommandEvent? current)
    {
        ReadOnlySpan<byte> rest = block;
        bool isThere = CommandFrame.TryRead(ref rest, out FrameKind kind, out ReadOnlySpan<byte> payload);
        length = block.Length - rest.Length;
        current = !isThere ? null : kind switch
        {
            _ when ChannelOf(kind) is { } channel => new CommandOutput(channel, payload.ToArray()),
            FrameKind.Exit => EventPayload.Exit(payload),
            FrameKind.Error => throw EventPayload.Failure(payload),
            FrameKind.Position => new OutputGap(OutputCursor.Read(payload)),
            FrameKind.Pause => new EndOfAvailableOutput(),
            _ => null,
        };
        return isThere;
    }

    private static OutputChannel? ChannelOf(FrameKind kind) => kind switch
    {
        FrameKind.StandardOutput => OutputChannel.Output,
        FrameKind.StandardError => OutputChannel.Error,
        _ => null,
    };
}

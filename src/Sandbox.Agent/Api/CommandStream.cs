using System.IO.Pipelines;
using Sandbox.Agent.Commands;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Streams the output log of a command to its end.</summary>
internal static class CommandStream
{
    // Most commands end within this time and need one write. The client of a longer one then learns that it was accepted.
    private static readonly TimeSpan FirstAnswerLimit = TimeSpan.FromMilliseconds(20);

    private const long MaximumUnflushed = 256 * 1024;

    private static readonly IStreamFormat Events = new SseFormat();
    private static readonly IStreamFormat Frames = new BinaryFrameFormat();

    /// <summary>Streams in the format of the request's <c>Accept</c> header.</summary>
    /// <param name="follow">Whether to wait for more until the command has ended.</param>
    public static async Task WriteAsync(HttpContext context, OutputLogReader reader, bool follow = true)
    {
        IStreamFormat format = context.Request.Headers.Accept.ToString().Contains(CommandFrame.MediaType, StringComparison.Ordinal) ? Frames : Events;
        context.Response.ContentType = format.MediaType;
        context.Response.Headers.CacheControl = "no-cache";
        PipeWriter writer = context.Response.BodyWriter;
        CancellationToken cancellationToken = context.RequestAborted;
        while (true)
        {
            if (WriteReady(writer, format, reader))
            {
                if (!context.Response.HasStarted)
                {
                    // All of it is there: with a known length the client gets it in one piece, and the response ends with it.
                    context.Response.ContentLength = writer.UnflushedBytes;
                }

                return;
            }

            if (writer.UnflushedBytes < MaximumUnflushed && !follow)
            {
                byte[] cursor = new byte[OutputCursor.Length];
                reader.Cursor.Write(cursor);
                format.Write(writer, FrameKind.Pause, cursor, reader.Cursor);
                return;
            }

            if (writer.UnflushedBytes > 0)
            {
                await writer.FlushAsync(cancellationToken);
            }

            bool isLong = context.Response.HasStarted;
            if (!await WaitAsync(reader, isLong ? SseWriter.HeartbeatInterval : FirstAnswerLimit, writer, format.Heartbeat, cancellationToken))
            {
                break;
            }

            if (isLong)
            {
                // The output of a short command is sent on the event loop's thread; that of a long one would block it.
                await InlineSocketScheduling.Leave();
            }
        }

        // Without a last event the reader sees a broken connection, which is right.
        context.Abort();
    }

    /// <summary>Writes what is available, up to the size of one flush. Returns whether the last frame was written.</summary>
    private static bool WriteReady(PipeWriter writer, IStreamFormat format, OutputLogReader reader)
    {
        while (writer.UnflushedBytes < MaximumUnflushed && reader.TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            format.Write(writer, kind, payload, reader.Cursor);
            if (kind is FrameKind.Exit or FrameKind.Error)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Waits for output and sends heartbeats meanwhile.</summary>
    private static async ValueTask<bool> WaitAsync(
        OutputLogReader reader, TimeSpan timeout, PipeWriter writer, ReadOnlyMemory<byte> heartbeat, CancellationToken cancellationToken)
    {
        ValueTask<bool> more = reader.WaitAsync(cancellationToken);
        if (more.IsCompleted)
        {
            return await more;
        }

        Task<bool> waiting = more.AsTask();
        while (true)
        {
            try
            {
                return await waiting.WaitAsync(timeout, cancellationToken);
            }
            catch (TimeoutException)
            {
                await writer.WriteAsync(heartbeat, cancellationToken);
                timeout = SseWriter.HeartbeatInterval;
            }
        }
    }
}

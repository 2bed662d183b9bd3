using System.IO.Pipelines;
using Sandbox.Agent.Commands;
using Sandbox.Protocol;
using Sandbox.ServerProgram;

namespace Sandbox.Agent.Api;

/// <summary>Answers a request with a command's journal, as it grows, to its end.</summary>
internal static class CommandStream
{
    // Most commands are over by then and need one write; the caller of a longer one learns that it was taken.
    private static readonly TimeSpan FirstAnswerLimit = TimeSpan.FromMilliseconds(20);

    private const long MostUnflushed = 256 * 1024;

    private static readonly IStreamFormat Events = new SseFormat();
    private static readonly IStreamFormat Frames = new BinaryFrameFormat();

    /// <summary>Answers with the stream, in the form that the request asks for.</summary>
    /// <param name="context">The request.</param>
    /// <param name="reader">A reader of the journal.</param>
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
                    // It is all there: an answer of known length reaches the caller in one piece, and ends with it.
                    context.Response.ContentLength = writer.UnflushedBytes;
                }

                return;
            }

            if (writer.UnflushedBytes < MostUnflushed && !follow)
            {
                byte[] place = new byte[OutputCursor.Length];
                reader.Cursor.Write(place);
                format.Write(writer, FrameKind.Pause, place, reader.Cursor);
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
                // What a short command printed is sent on the event loop's thread, which is here already; that of a long one would keep it from its work.
                await SocketThreads.Leave();
            }
        }

        // Without a last event the reader takes it for a broken connection, which is what it is.
        context.Abort();
    }

    /// <summary>Writes what there is, up to what one flush should carry; true when the last frame was among it.</summary>
    private static bool WriteReady(PipeWriter writer, IStreamFormat format, OutputLogReader reader)
    {
        while (writer.UnflushedBytes < MostUnflushed && reader.TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            format.Write(writer, kind, payload, reader.Cursor);
            if (kind is FrameKind.Exit or FrameKind.Error)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Waits for more, and says that we are still here when nothing comes for a while.</summary>
    private static async ValueTask<bool> WaitAsync(OutputLogReader reader, TimeSpan patience, PipeWriter writer, ReadOnlyMemory<byte> heartbeat, CancellationToken cancellationToken)
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
                return await waiting.WaitAsync(patience, cancellationToken);
            }
            catch (TimeoutException)
            {
                await writer.WriteAsync(heartbeat, cancellationToken);
                patience = SseWriter.HeartbeatInterval;
            }
        }
    }
}

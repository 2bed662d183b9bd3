using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The journal as server-sent events, output in base64, as Cloudflare's bridge sends it. See the HTML standard, 9.2 "Server-sent events".</summary>
internal sealed class ServerSentEvents : IStreamFormat
{
    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    /// <inheritdoc/>
    public string MediaType => "text/event-stream";

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Heartbeat => Comment;

    /// <inheritdoc/>
    public (int Taken, bool Ended) Write(PipeWriter writer, ReadOnlySpan<byte> frames)
    {
        int total = frames.Length;
        bool ended = false;
        while (!ended && CommandFrame.TryRead(ref frames, out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            WriteEvent(writer, kind, payload);
            ended = kind is FrameKind.Exit or FrameKind.Error;
        }

        return (total - frames.Length, ended);
    }

    private static void WriteEvent(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload)
    {
        writer.Write("event: "u8);
        writer.Write(kind switch
        {
            FrameKind.StandardOutput => "stdout"u8,
            FrameKind.StandardError => "stderr"u8,
            FrameKind.Exit => "exit"u8,
            _ => "error"u8,
        });
        writer.Write("\ndata: "u8);
        if (kind is FrameKind.StandardOutput or FrameKind.StandardError)
        {
            int length = Base64.GetMaxEncodedToUtf8Length(payload.Length);
            Base64.EncodeToUtf8(payload, writer.GetSpan(length), out _, out int written);
            writer.Advance(written);
        }
        else
        {
            // JSON: one line.
            writer.Write(payload);
        }

        writer.Write("\n\n"u8);
    }
}

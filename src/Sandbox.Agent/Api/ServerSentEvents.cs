using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
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
    public void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor)
    {
        writer.Write("event: "u8);
        writer.Write(kind switch
        {
            FrameKind.StandardOutput => "stdout"u8,
            FrameKind.StandardError => "stderr"u8,
            FrameKind.Exit => "exit"u8,
            FrameKind.Position => "position"u8,
            FrameKind.Pause => "pause"u8,
            _ => "error"u8,
        });

        // What a reader whose connection breaks asks to go on from: see "Last-Event-ID".
        string place = cursor.ToString();
        writer.Write("\nid: "u8);
        Encoding.ASCII.GetBytes(place, writer);
        writer.Write("\ndata: "u8);
        if (kind is FrameKind.StandardOutput or FrameKind.StandardError)
        {
            int length = Base64.GetMaxEncodedToUtf8Length(payload.Length);
            Base64.EncodeToUtf8(payload, writer.GetSpan(length), out _, out int written);
            writer.Advance(written);
        }
        else if (kind is FrameKind.Position or FrameKind.Pause)
        {
            Encoding.ASCII.GetBytes(place, writer);
        }
        else
        {
            // JSON: one line.
            writer.Write(payload);
        }

        writer.Write("\n\n"u8);
    }
}

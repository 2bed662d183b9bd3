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
        // What a reader whose connection breaks asks to go on from: see "Last-Event-ID".
        byte[] place = Encoding.ASCII.GetBytes(cursor.ToString());
        WriteEvent(
            writer, NameOf(kind), kind is FrameKind.Position or FrameKind.Pause ? place : payload, isBytes: kind is FrameKind.StandardOutput or FrameKind.StandardError, place);
    }

    /// <summary>Writes that we are still here.</summary>
    /// <param name="writer">Where to.</param>
    public static void WriteComment(PipeWriter writer) => writer.Write(Comment);

    /// <summary>Writes one event.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="name">The event's name.</param>
    /// <param name="payload">Its data: bytes, or text on one line.</param>
    /// <param name="isBytes">Whether the data is bytes, which are sent in base64.</param>
    /// <param name="id">Its id; empty for none.</param>
    public static void WriteEvent(PipeWriter writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> payload, bool isBytes, ReadOnlySpan<byte> id = default)
    {
        writer.Write("event: "u8);
        writer.Write(name);
        if (id.Length > 0)
        {
            writer.Write("\nid: "u8);
            writer.Write(id);
        }

        writer.Write("\ndata: "u8);
        if (isBytes)
        {
            int length = Base64.GetMaxEncodedToUtf8Length(payload.Length);
            Base64.EncodeToUtf8(payload, writer.GetSpan(length), out _, out int written);
            writer.Advance(written);
        }
        else
        {
            writer.Write(payload);
        }

        writer.Write("\n\n"u8);
    }

    private static ReadOnlySpan<byte> NameOf(FrameKind kind) => kind switch
    {
        FrameKind.StandardOutput => "stdout"u8,
        FrameKind.StandardError => "stderr"u8,
        FrameKind.Exit => "exit"u8,
        FrameKind.Position => "position"u8,
        FrameKind.Pause => "pause"u8,
        _ => "error"u8,
    };
}

using System.IO.Pipelines;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The journal as server-sent events, output in base64, as Cloudflare's bridge sends it.</summary>
internal sealed class SseFormat : IStreamFormat
{
    /// <inheritdoc/>
    public string MediaType => SseWriter.MediaType;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Heartbeat => SseWriter.Heartbeat;

    /// <inheritdoc/>
    public void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor)
    {
        // What a reader whose connection breaks asks to go on from: see "Last-Event-ID".
        byte[] place = Encoding.ASCII.GetBytes(cursor.ToString());
        writer.WriteEvent(
            NameOf(kind), kind is FrameKind.Position or FrameKind.Pause ? place : payload, isBytes: kind is FrameKind.StandardOutput or FrameKind.StandardError, place);
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

using System.IO.Pipelines;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>How an output log is sent.</summary>
internal interface IStreamFormat
{
    string MediaType { get; }

    ReadOnlyMemory<byte> Heartbeat { get; }

    void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor);
}

/// <summary>The output log as server-sent events, output in base64, as Cloudflare's bridge sends it.</summary>
internal sealed class SseFormat : IStreamFormat
{
    /// <inheritdoc />
    public string MediaType => SseWriter.MediaType;

    /// <inheritdoc />
    public ReadOnlyMemory<byte> Heartbeat => SseWriter.Heartbeat;

    /// <inheritdoc />
    public void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor)
    {
        // The value with which a reader resumes after its connection broke: see "Last-Event-ID".
        byte[] id = Encoding.ASCII.GetBytes(cursor.ToString());
        writer.WriteEvent(
            NameOf(kind),
            kind is FrameKind.Position or FrameKind.Pause ? id : payload,
            isBytes: kind is FrameKind.StandardOutput or FrameKind.StandardError,
            id);
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

/// <summary>The output log as binary frames, see <see cref="CommandFrame"/>.</summary>
internal sealed class BinaryFrameFormat : IStreamFormat
{
    private static readonly byte[] HeartbeatFrame = new byte[CommandFrame.HeaderLength];

    /// <inheritdoc />
    public string MediaType => CommandFrame.MediaType;

    /// <inheritdoc />
    public ReadOnlyMemory<byte> Heartbeat => HeartbeatFrame;

    /// <inheritdoc />
    public void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor)
    {
        Span<byte> frame = writer.GetSpan(CommandFrame.HeaderLength + payload.Length);
        CommandFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame[CommandFrame.HeaderLength..]);
        writer.Advance(CommandFrame.HeaderLength + payload.Length);
    }
}

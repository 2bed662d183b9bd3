using System.IO.Pipelines;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The journal much as it is: see <see cref="CommandFrame"/>.</summary>
internal sealed class BinaryFrameFormat : IStreamFormat
{
    private static readonly byte[] HeartbeatFrame = new byte[CommandFrame.HeaderLength];

    /// <inheritdoc/>
    public string MediaType => CommandFrame.MediaType;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Heartbeat => HeartbeatFrame;

    /// <inheritdoc/>
    public void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor)
    {
        Span<byte> frame = writer.GetSpan(CommandFrame.HeaderLength + payload.Length);
        CommandFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame[CommandFrame.HeaderLength..]);
        writer.Advance(CommandFrame.HeaderLength + payload.Length);
    }
}

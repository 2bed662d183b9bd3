using System.Buffers;
using System.IO.Pipelines;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>The journal as it is: see <see cref="CommandFrame"/>.</summary>
internal sealed class BinaryFrames : IStreamFormat
{
    private static readonly byte[] HeartbeatFrame = new byte[CommandFrame.HeaderLength];

    /// <inheritdoc/>
    public string MediaType => CommandFrame.MediaType;

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Heartbeat => HeartbeatFrame;

    /// <inheritdoc/>
    public (int Taken, bool Ended) Write(PipeWriter writer, ReadOnlySpan<byte> frames)
    {
        ReadOnlySpan<byte> rest = frames;
        bool ended = false;
        while (!ended && CommandFrame.TryRead(ref rest, out FrameKind kind, out _))
        {
            ended = kind is FrameKind.Exit or FrameKind.Error;
        }

        int taken = frames.Length - rest.Length;
        writer.Write(frames[..taken]);
        return (taken, ended);
    }
}

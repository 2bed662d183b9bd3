using System.IO.Pipelines;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>How a command's journal looks on the wire.</summary>
internal interface IStreamFormat
{
    /// <summary>The answer's content type.</summary>
    string MediaType { get; }

    /// <summary>What says that we are still here.</summary>
    ReadOnlyMemory<byte> Heartbeat { get; }

    /// <summary>Writes a frame.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="payload">What it holds.</param>
    /// <param name="cursor">The place in the output behind it.</param>
    void Write(PipeWriter writer, FrameKind kind, ReadOnlySpan<byte> payload, OutputCursor cursor);
}

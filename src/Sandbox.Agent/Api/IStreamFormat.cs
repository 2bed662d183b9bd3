using System.IO.Pipelines;

namespace Sandbox.Agent.Api;

/// <summary>How a command's journal looks on the wire.</summary>
internal interface IStreamFormat
{
    /// <summary>The answer's content type.</summary>
    string MediaType { get; }

    /// <summary>What says that we are still here.</summary>
    ReadOnlyMemory<byte> Heartbeat { get; }

    /// <summary>Writes the whole frames of a block.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="frames">The block.</param>
    /// <returns>How many bytes of it were taken, and whether the last frame of a stream was among them.</returns>
    (int Taken, bool Ended) Write(PipeWriter writer, ReadOnlySpan<byte> frames);
}

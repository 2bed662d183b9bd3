using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes byte arrays as they arrive.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class BytesWriter(IOutputSink sink, object source, OutputOptions options) : OutputWriter(sink, source, options)
{
    private protected override void WriteOutput(OutputChannel channel, ReadOnlyMemory<byte> data) => Sink.WriteObject(data.ToArray());
}

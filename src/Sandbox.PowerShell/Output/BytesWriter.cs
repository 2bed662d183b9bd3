namespace Sandbox;

/// <summary>Writes bytes as they come.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class BytesWriter(IOutputSink sink, RemoteCommand run, OutputOptions options) : OutputWriter(sink, run, options)
{
    private protected override void WriteOutput(ReadOnlyMemory<byte> data) => Sink.WriteObject(data.ToArray());
}

using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes the unchanged text at the end, up to the limit.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class TextWriter(IOutputSink sink, object source, OutputOptions options) : OutputWriter(sink, source, options)
{
    private readonly BoundedBuffer _text = new();
    private bool _isTruncated;

    /// <inheritdoc />
    public override void Finish(Func<CollectedOutput, object>? toResult = null)
    {
        base.Finish(toResult);
        if (_text.Length > 0)
        {
            Sink.WriteObject(_text.ToString());
        }

        if (_isTruncated)
        {
            Sink.WriteWarning($"The command in '{Source}' wrote more than {Options.Limit} bytes; the rest was discarded. Use -OutputLimit to raise the limit.");
        }
    }

    private protected override void WriteOutput(OutputChannel channel, ReadOnlyMemory<byte> data) => _isTruncated |= !_text.Add(data.Span, Options.Limit);
}

using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes the whole text at the end, exactly as it was written.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class TextWriter(IOutputSink sink, RemoteCommand run, OutputOptions options) : OutputWriter(sink, run, options)
{
    private readonly BoundedBuffer _text = new();
    private bool _truncated;

    /// <inheritdoc />
    public override void Finish(ExecExit? exit)
    {
        base.Finish(exit);
        if (_text.Length > 0)
        {
            Sink.WriteObject(_text.ToString());
        }

        if (_truncated)
        {
            Sink.WriteWarning($"The command in '{Run.Target}' wrote more than {Options.Limit} bytes; the rest was discarded. Use -OutputLimit to raise the limit.");
        }
    }

    private protected override void WriteOutput(ReadOnlyMemory<byte> data) => _truncated |= !_text.Add(data.Span, Options.Limit);
}

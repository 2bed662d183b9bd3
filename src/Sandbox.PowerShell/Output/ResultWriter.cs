using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes one object at the end, with the whole output up to the limit.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class ResultWriter(IOutputSink sink, object source, OutputOptions options) : OutputWriter(sink, source, options)
{
    private readonly BoundedBuffer _output = new();
    private readonly BoundedBuffer _error = new();
    private readonly List<SandboxCodeOutput> _results = [];
    private bool _isTruncated;

    /// <inheritdoc />
    public override void Write(OutputChannel channel, ReadOnlyMemory<byte> data) => WriteOutput(channel, data);

    /// <inheritdoc />
    public override void Write(SandboxCodeOutput result) => _results.Add(result);

    /// <inheritdoc />
    public override void Finish(Func<CollectedOutput, object>? toResult = null)
    {
        if (toResult is not null)
        {
            Sink.WriteObject(toResult(new(_output.ToString(), _error.ToString(), _isTruncated, [.. _results])));
        }
    }

    private protected override void WriteOutput(OutputChannel channel, ReadOnlyMemory<byte> data)
    {
        (BoundedBuffer buffer, BoundedBuffer other) = channel == OutputChannel.Output ? (_output, _error) : (_error, _output);
        _isTruncated |= !buffer.Add(data.Span, Options.Limit - other.Length);
    }
}

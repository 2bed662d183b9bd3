using Sandbox.Client;

namespace Sandbox;

/// <summary>Writes lines as they arrive; of the output that exists at the beginning only the last ones where <c>Tail</c> is set.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class LinesWriter(IOutputSink sink, object source, OutputOptions options) : OutputWriter(sink, source, options)
{
    private LastLines? _tail = options.Tail is { } count ? new(count) : null;

    /// <inheritdoc />
    public override void EndTail()
    {
        LastLines? tail = _tail;
        _tail = null;
        foreach (string line in tail?.Lines ?? [])
        {
            Sink.WriteObject(line);
        }
    }

    /// <inheritdoc />
    public override void Finish(Func<CollectedOutput, object>? toResult = null)
    {
        base.Finish(toResult);
        EndTail();
    }

    private protected override void WriteOutput(OutputChannel channel, ReadOnlyMemory<byte> data) => Lines.Add(channel, data.Span);

    private protected override void WriteLine(string line)
    {
        if (_tail is null)
        {
            Sink.WriteObject(line);
        }
        else
        {
            _tail.Add(line);
        }
    }
}

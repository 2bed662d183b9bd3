using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes lines as they come.</summary>
internal sealed class LinesWriter : OutputWriter
{
    private readonly LineSplitter _lines;

    // Separate per channel, so that partial lines of the two are not joined.
    private readonly LineSplitter _mergedErrorLines;

    /// <inheritdoc cref="OutputWriter.Create" />
    public LinesWriter(IOutputSink sink, RemoteCommand run, OutputOptions options)
        : base(sink, run, options)
    {
        _lines = new(WriteLine);
        _mergedErrorLines = new(WriteLine);
    }

    /// <inheritdoc />
    public override void Finish(ExecExit? exit)
    {
        _lines.Finish();
        _mergedErrorLines.Finish();
        base.Finish(exit);
    }

    private protected override void WriteOutput(ReadOnlyMemory<byte> data) => _lines.Add(data.Span);

    private protected override void WriteMergedError(ReadOnlyMemory<byte> data) => _mergedErrorLines.Add(data.Span);

    private void WriteLine(string line) => Sink.WriteObject(Prefix.Length == 0 ? line : Prefix + line);
}

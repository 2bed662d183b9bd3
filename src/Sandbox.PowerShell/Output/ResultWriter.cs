using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes one object at the end. Standard error is in it, and nowhere else.</summary>
/// <inheritdoc cref="OutputWriter.Create" />
internal sealed class ResultWriter(IOutputSink sink, RemoteCommand run, OutputOptions options) : OutputWriter(sink, run, options)
{
    private readonly BoundedBuffer _output = new();
    private readonly BoundedBuffer _error = new();
    private bool _truncated;

    /// <inheritdoc />
    public override void Write(CommandOutput output)
    {
        (BoundedBuffer mine, BoundedBuffer other) = output.Channel == OutputChannel.Output ? (_output, _error) : (_error, _output);
        _truncated |= !mine.Add(output.Data.Span, Options.Limit - other.Length);
    }

    /// <inheritdoc />
    public override void Finish(ExecExit? exit)
    {
        if (exit is not null)
        {
            Sink.WriteObject(new SandboxCommandResult(Run, exit, _output.ToString(), _error.ToString(), _truncated));
        }
    }

    private protected override void WriteOutput(ReadOnlyMemory<byte> data) => throw new NotSupportedException();
}

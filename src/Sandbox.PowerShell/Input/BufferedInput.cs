using System.Buffers;
using System.IO.Pipelines;

namespace Sandbox;

/// <summary>Input for commands that start later: pipeline input is buffered, streams are read while the commands run.</summary>
internal sealed class BufferedInput : StandardInput
{
    private static readonly PipeOptions Unlimited = new(pauseWriterThreshold: 0, minimumSegmentSize: InputBroadcaster.Piece, useSynchronizationContext: false);

    private readonly List<Stream> _parts = [];
    private PipeWriter? _kept;

    /// <inheritdoc />
    public override void Finish()
    {
        _kept?.Complete();
        _kept = null;
    }

    /// <summary>Sends the whole input to the commands with back-pressure, then closes it.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        foreach (Stream part in _parts)
        {
            await Fan.CopyAsync(part, cancellationToken);
        }

        Fan.Finish();
    }

    private protected override void Send(ReadOnlyMemory<byte> bytes)
    {
        if (_kept is null)
        {
            Pipe pipe = new(Unlimited);
            _kept = pipe.Writer;
            _parts.Add(pipe.Reader.AsStream());
        }

        _kept.Write(bytes.Span);
    }

    private protected override void Send(Stream stream)
    {
        Finish();
        _parts.Add(stream);
    }
}

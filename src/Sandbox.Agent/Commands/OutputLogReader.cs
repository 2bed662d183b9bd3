using System.Buffers;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>A reader of an <see cref="OutputLog"/>, from an offset to the end. While it exists, a command that is a full bound ahead is paused.</summary>
internal sealed class OutputLogReader : IDisposable
{
    private readonly OutputLog _log;
    private readonly OutputCursor _wanted;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(2 * (OutputLog.MaximumPayload + CommandFrame.HeaderLength));
    private LinkedListNode<LogSegment>? _segment;
    private OutputCursor _passed;
    private long _position;
    private int _filled;
    private int _taken;
    private bool _positionDue;

    internal OutputLogReader(OutputLog journal, LinkedListNode<LogSegment>? segment, OutputCursor wanted)
    {
        _log = journal;
        _wanted = wanted;
        if (segment is not null)
        {
            Enter(segment);
        }
    }

    /// <summary>The position in the log up to which frames were read.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>The offsets behind the output that was read.</summary>
    public OutputCursor Cursor => new(Math.Max(_wanted.StandardOutput, _passed.StandardOutput), Math.Max(_wanted.StandardError, _passed.StandardError));

    /// <summary>Completes when there is something to read; false when the log is gone. The caller continues on the event loop's thread and must not block
    /// it.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _log.WaitAsync(_position + _filled - _taken, cancellationToken);

    /// <summary>Reads the next frame; the frame that says how the command ended comes after all others.</summary>
    /// <param name="payload">Valid until the next call.</param>
    public bool TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        do
        {
            while (TryTake(out kind, out payload))
            {
                if (!payload.IsEmpty)
                {
                    return true;
                }
            }
        }
        while (Fill());

        (FrameKind Kind, byte[] Payload)? closing = _log.ClosingAt(_position);
        kind = closing?.Kind ?? default;
        payload = closing?.Payload;
        return closing is not null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _log.Remove(this, _segment?.Value);
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    /// <summary>Takes the next frame from the buffer, empty when it lies before the wanted offset.</summary>
    private bool TryTake(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        if (_positionDue)
        {
            _positionDue = false;
            byte[] place = new byte[OutputCursor.Length];
            Cursor.Write(place);
            kind = FrameKind.Position;
            payload = place;
            return true;
        }

        ReadOnlySpan<byte> rest = _buffer.AsSpan(_taken, _filled - _taken);
        int before = rest.Length;
        if (!CommandFrame.TryRead(ref rest, out kind, out payload))
        {
            return false;
        }

        _taken += before - rest.Length;
        Volatile.Write(ref _position, _position + before - rest.Length);
        _log.OnReaderAdvanced();
        long unwanted = kind switch
        {
            FrameKind.StandardOutput => _wanted.StandardOutput - _passed.StandardOutput,
            FrameKind.StandardError => _wanted.StandardError - _passed.StandardError,

            // The end comes last: late output may follow it in the file.
            _ => payload.Length,
        };
        _passed = _passed.Plus(kind, payload.Length);
        payload = payload[(int)Math.Clamp(unwanted, 0, payload.Length)..];
        return true;
    }

    /// <summary>Reads more into the buffer; false when there is nothing yet.</summary>
    private bool Fill()
    {
        _buffer.AsSpan(_taken, _filled - _taken).CopyTo(_buffer);
        _filled -= _taken;
        _taken = 0;
        while (true)
        {
            long next = _position + _filled;
            int count = _segment is null ? 0 : _segment.Value.Read(next - _segment.Value.Position, _buffer.AsSpan(_filled));
            if (count > 0)
            {
                _filled += count;
                return true;
            }

            if (_log.AcquireNext(_segment, next) is not { } following)
            {
                return false;
            }

            Enter(following);
        }
    }

    private void Enter(LinkedListNode<LogSegment> entered)
    {
        OutputCursor due = Cursor;
        _segment = entered;
        if (entered.Value.Position != _position)
        {
            Volatile.Write(ref _position, entered.Value.Position);
        }

        _passed = entered.Value.Start;

        // What lies between was dropped.
        _positionDue = due != Cursor;
    }
}

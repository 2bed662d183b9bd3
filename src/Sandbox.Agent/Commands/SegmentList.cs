using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>The files of an <see cref="OutputLog"/>, oldest first. The log's lock guards it.</summary>
internal sealed class SegmentList(SegmentPool pool, long number, long bound)
{
    // A log can exceed its bound by one file, since whole files are dropped.
    private const int SegmentsPerBound = 16;
    private const long LargestSegment = 4L << 20;

    private readonly LinkedList<LogSegment> _segments = [];
    private CommandRecord? _record;
    private long _nextIndex;

    public OutputCursor Start => _segments.First?.Value.Start ?? default;

    public OutputCursor End { get; private set; }

    /// <summary>How many bytes of frames were written, with those that were dropped.</summary>
    public long Length => _segments.Last?.Value.End ?? 0;

    public long KeptBytes => _segments.First is { } first ? Length - first.Value.Position : 0;

    /// <inheritdoc cref="OutputLog.Load"/>
    public static SegmentList Load(
        SegmentPool pool, IEnumerable<(string Path, SegmentHeader Header)> parts, long bound, out (FrameKind Kind, byte[] Payload) last)
    {
        (string Path, SegmentHeader Header)[] ordered = [.. parts.OrderBy(part => part.Header.Index)];
        SegmentList list = new(pool, ordered[0].Header.Number, bound);
        OutputCursor end = new(ordered[0].Header.StandardOutput, ordered[0].Header.StandardError);
        (FrameKind Kind, byte[] Payload) final = (default, []);
        foreach ((string path, SegmentHeader header) in ordered)
        {
            list._segments.AddLast(LogSegment.Load(pool, path, header, list.Length, (kind, payload) =>
            {
                end = end.Plus(kind, payload.Length);
                final = kind is FrameKind.Exit or FrameKind.Error ? (kind, payload) : final;
            }));
        }

        list.End = end;
        last = final;
        return list;
    }

    public void Begin(CommandRecord record)
    {
        _record = record;
        AddSegment();
    }

    /// <summary>Appends a frame and drops the oldest files beyond the bound, except those that the slowest reader still needs.</summary>
    /// <param name="isClosed">Whether <see cref="CloseLast"/> was called: this is late output.</param>
    public void Append(ReadOnlySpan<byte> frame, FrameKind kind, bool isClosed, long? slowestReader)
    {
        if (isClosed)
        {
            _segments.Last!.Value.Acquire();
            _segments.Last.Value.Append(frame);
            _segments.Last.Value.Release();
        }
        else
        {
            if (_segments.Last!.Value.Length >= Math.Min(LargestSegment, bound / SegmentsPerBound))
            {
                _segments.Last.Value.Release();
                AddSegment();
            }

            _segments.Last.Value.Append(frame);
        }

        while (KeptBytes - _segments.First!.Value.Length >= bound && !(slowestReader < _segments.First.Value.End))
        {
            _segments.First.Value.Drop();
            _segments.RemoveFirst();
        }

        End = End.Plus(kind, frame.Length - CommandFrame.HeaderLength);
    }

    public void CloseLast() => _segments.Last?.Value.Release();

    /// <summary>Acquires the segment that holds an offset of both streams; null when there is no segment yet.</summary>
    public LinkedListNode<LogSegment>? AcquireAt(OutputCursor wanted)
    {
        LinkedListNode<LogSegment>? node = _segments.Last;
        while (node?.Previous is not null && (node.Value.Start.StandardOutput > wanted.StandardOutput || node.Value.Start.StandardError > wanted.StandardError))
        {
            node = node.Previous;
        }

        node?.Value.Acquire();
        return node;
    }

    /// <inheritdoc cref="OutputLog.AcquireNext"/>
    public LinkedListNode<LogSegment>? AcquireNext(LinkedListNode<LogSegment>? segment, long position)
    {
        // A segment that was dropped while it was read has no neighbours any more.
        LinkedListNode<LogSegment>? next = segment?.List is null ? _segments.First : segment.Next;
        if (next is null || segment?.Value.End > position)
        {
            return null;
        }

        next.Value.Acquire();
        segment?.Value.Release();
        return next;
    }

    public void DropAll()
    {
        foreach (LogSegment segment in _segments)
        {
            segment.Drop();
        }
    }

    private void AddSegment() =>
        _segments.AddLast(LogSegment.Create(pool, new SegmentHeader(_record!, number, _nextIndex++, End.StandardOutput, End.StandardError), Length));
}

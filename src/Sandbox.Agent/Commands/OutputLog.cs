using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>A command's output and its end, as frames in order of arrival. A frame is written to a file before any reader sees it. One thread appends, any
/// number read.</summary>
/// <remarks>The log is bounded. While it has readers, or had one until a moment ago, a command that is a full bound ahead of the slowest reader is paused.
/// Otherwise the oldest segments are dropped, and a later reader is given the offset where the rest begins.</remarks>
internal sealed class OutputLog : IBackpressure, IDisposable
{
    /// <summary>The largest payload of a frame of output.</summary>
    public const int MaximumPayload = 128 * 1024;

    private readonly Lock _gate = new();
    private readonly EventLoop _loop;
    private readonly long _bound;
    private readonly SegmentList _segments;
    private readonly LogReaders _readers;
    private TaskCompletionSource? _changed;
    private (FrameKind Kind, byte[] Payload)? _closing;
    private bool _disposed;

    /// <summary>Creates an empty log; <see cref="Begin"/> creates its first file.</summary>
    public OutputLog(SegmentPool pool, EventLoop loop, long number, long bound)
        : this(loop, bound, new SegmentList(pool, number, bound))
    {
    }

    private OutputLog(EventLoop loop, long bound, SegmentList segments)
    {
        (_loop, _bound, _segments) = (loop, bound, segments);
        _readers = new LogReaders(ForgetDeparted);
    }

    /// <inheritdoc />
    public event Action? RoomMade;

    /// <inheritdoc />
    /// <remarks>It is full when the slowest reader is a full bound behind.</remarks>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _readers.Slowest is { } slowest && _segments.Length - slowest >= _bound;
            }
        }
    }

    /// <summary>Whether it has a reader now.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate)
            {
                return _readers.Any;
            }
        }
    }

    /// <summary>The offsets of the first byte that is kept and of the end.</summary>
    public (OutputCursor Start, OutputCursor End) Range
    {
        get
        {
            lock (_gate)
            {
                return (_segments.Start, _segments.End);
            }
        }
    }

    public long KeptBytes
    {
        get
        {
            lock (_gate)
            {
                return _segments.KeptBytes;
            }
        }
    }

    /// <summary>Loads a log that an earlier agent wrote. Nothing is appended to it any more.</summary>
    /// <exception cref="FormatException">A file was changed.</exception>
    public static OutputLog Load(
        SegmentPool pool, EventLoop loop, IEnumerable<(string Path, SegmentHeader Header)> parts, long bound, out (FrameKind Kind, byte[] Payload) last) =>
        new(loop, bound, SegmentList.Load(pool, parts, bound, out last));

    /// <summary>Creates the first file.</summary>
    public void Begin(CommandRecord command)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _segments.Begin(command);
            }
        }
    }

    /// <summary>Appends a frame of output.</summary>
    public void Append(Span<byte> frame, FrameKind kind)
    {
        CommandFrame.WriteHeader(frame, kind, frame.Length - CommandFrame.HeaderLength);
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _segments.Append(frame, kind, isClosed: _closing is not null, _readers.Slowest);
        }

        NotifyReaders();
    }

    /// <summary>Appends the frame that says how the command ended. Output of its background processes may still follow.</summary>
    public void Close(FrameKind kind, byte[] payload)
    {
        byte[] frame = new byte[CommandFrame.HeaderLength + payload.Length];
        CommandFrame.WriteHeader(frame, kind, payload.Length);
        payload.CopyTo(frame, CommandFrame.HeaderLength);
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _segments.Append(frame, kind, isClosed: false, _readers.Slowest);
            _segments.CloseLast();
            _closing = (kind, payload);
            _readers.ForgetDeparted();
        }

        NotifyReaders();
    }

    /// <summary>Sets the last frame without writing it to a file.</summary>
    public void CloseUnwritten(FrameKind kind, byte[] payload)
    {
        lock (_gate)
        {
            _closing = (kind, payload);
        }

        NotifyReaders();
    }

    /// <summary>Opens a reader.</summary>
    /// <param name="from">Its first offset; null for the end.</param>
    public OutputLogReader OpenReader(OutputCursor? from)
    {
        lock (_gate)
        {
            _readers.ForgetDeparted();
            OutputCursor wanted = from ?? _segments.End;
            OutputLogReader reader = new(this, _segments.AcquireAt(wanted), wanted);
            _readers.Add(reader);
            return reader;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _readers.Dispose();
            if (_closing is null)
            {
                _segments.CloseLast();
            }

            _segments.DropAll();
        }

        NotifyReaders();
    }

    /// <summary>Releases a segment and acquires the next one, or the first when given none. Returns null when there is none yet.</summary>
    internal LinkedListNode<LogSegment>? AcquireNext(LinkedListNode<LogSegment>? segment, long position)
    {
        lock (_gate)
        {
            return _disposed ? null : _segments.AcquireNext(segment, position);
        }
    }

    /// <summary>The last frame, once everything before it is read.</summary>
    internal (FrameKind Kind, byte[] Payload)? ClosingAt(long position)
    {
        lock (_gate)
        {
            return position >= _segments.Length && !_disposed ? _closing : null;
        }
    }

    /// <summary>Completes when there is more after a position, or the end; false when the log is gone. The caller continues on the event loop's thread and must
    /// not block it.</summary>
    internal async ValueTask<bool> WaitAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                if (_disposed)
                {
                    return false;
                }

                if (position < _segments.Length || _closing is not null)
                {
                    return true;
                }

                change = (_changed ??= new TaskCompletionSource()).Task;
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    internal void OnReaderAdvanced() => RoomMade?.Invoke();

    internal void Remove(OutputLogReader reader, LogSegment? segment)
    {
        lock (_gate)
        {
            segment?.Release();

            // A reader of an unfinished command may have lost its connection and come back.
            _readers.Remove(reader, mayReturn: _closing is null && !_disposed);
        }

        RoomMade?.Invoke();
    }

    private void ForgetDeparted()
    {
        lock (_gate)
        {
            _readers.ForgetDeparted();
        }

        RoomMade?.Invoke();
    }

    private void NotifyReaders()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            waiting = _changed;
            _changed = null;
        }

        if (waiting is not null)
        {
            // Posted, because the writer may hold a lock.
            _loop.Post(waiting.SetResult);
        }
    }
}

using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>Everything a command printed and how it ended, in order of arrival: frames in files that are written first and read by followers second. One thread appends, any number read.</summary>
/// <remarks>A journal is bounded. While someone reads it, or did until a moment ago, the command is held back when it is a full bound ahead of the slowest reader;
/// else the oldest files fall out, and a reader that comes later is told where the rest begins.</remarks>
internal sealed class OutputLog : IDisposable
{
    /// <summary>The largest payload of a frame of output.</summary>
    public const int MaximumPayload = 128 * 1024;

    /// <summary>For how long a reader that has gone is waited for.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(30);

    // So much more than its bound a journal may hold, since it gives up whole files.
    private const int FilesPerBound = 16;
    private const long LargestFile = 4L << 20;

    private readonly Lock _gate = new();
    private readonly SegmentPool _files;
    private readonly EventLoop _loop;
    private readonly long _number;
    private readonly long _bound;
    private readonly List<OutputLogReader> _readers = [];
    private readonly LinkedList<LogSegment> _segments = [];
    private CommandRecord? _record;
    private TaskCompletionSource? _changed;
    private Timer? _departure;
    private long? _departed;
    private OutputCursor _end;
    private (FrameKind Kind, byte[] Payload)? _closing;
    private long _index;
    private bool _disposed;

    /// <summary>Creates an empty journal; its first file comes with <see cref="Begin"/>.</summary>
    /// <param name="files">Where its files come from.</param>
    /// <param name="loop">Whose thread tells readers that there is more.</param>
    /// <param name="number">Its number: higher than that of every earlier one.</param>
    /// <param name="bound">How many bytes it keeps, and how many a writer may be ahead of the slowest reader before it is held back.</param>
    public OutputLog(SegmentPool files, EventLoop loop, long number, long bound) => (_files, _loop, _number, _bound) = (files, loop, number, bound);

    /// <summary>Told, on any thread, when a writer that was held back may go on.</summary>
    public event Action? RoomMade;

    /// <summary>Whether the writer should wait: a reader is a full bound behind.</summary>
    public bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return SlowestReader is { } slowest && Length - slowest >= _bound;
            }
        }
    }

    /// <summary>Whether someone reads it now.</summary>
    public bool IsRead
    {
        get
        {
            lock (_gate)
            {
                return _readers.Count > 0;
            }
        }
    }

    /// <summary>The first place in the output that is kept, and the place behind the last.</summary>
    public (OutputCursor Start, OutputCursor End) Range
    {
        get
        {
            lock (_gate)
            {
                return (_segments.First?.Value.Start ?? default, _end);
            }
        }
    }

    /// <summary>How many bytes it keeps.</summary>
    public long KeptBytes
    {
        get
        {
            lock (_gate)
            {
                return Kept;
            }
        }
    }

    private long Length => _segments.Last?.Value.End ?? 0;

    private long Kept => _segments.First is { } first ? Length - first.Value.Position : 0;

    private long? SlowestReader
    {
        get
        {
            long? slowest = _departed;
            foreach (OutputLogReader reader in _readers)
            {
                slowest = Math.Min(slowest ?? long.MaxValue, reader.Position);
            }

            return slowest;
        }
    }

    /// <summary>Brings back the journal that an earlier agent wrote. It has ended: nobody writes it any more.</summary>
    /// <param name="files">Where its files belong.</param>
    /// <param name="loop">See the constructor.</param>
    /// <param name="parts">They, with what they begin with: at least one.</param>
    /// <param name="bound">Its bound.</param>
    /// <param name="last">Its last frame; of another kind when the command was running.</param>
    /// <exception cref="FormatException">The files are not ours any more.</exception>
    public static OutputLog Load(SegmentPool files, EventLoop loop, IEnumerable<(string Path, SegmentHeader Head)> parts, long bound, out (FrameKind Kind, byte[] Payload) last)
    {
        (string Path, SegmentHeader Head)[] inOrder = [.. parts.OrderBy(part => part.Head.Index)];
        OutputLog journal = new(files, loop, inOrder[0].Head.Number, bound);
        OutputCursor end = new(inOrder[0].Head.StandardOutput, inOrder[0].Head.StandardError);
        (FrameKind Kind, byte[] Payload) final = (default, []);
        foreach ((string path, SegmentHeader head) in inOrder)
        {
            journal._segments.AddLast(LogSegment.Load(files, path, head, journal.Length, (kind, payload) =>
            {
                end = end.Plus(kind, payload.Length);
                final = kind is FrameKind.Exit or FrameKind.Error ? (kind, payload) : final;
            }));
        }

        journal._end = end;
        last = final;
        return journal;
    }

    /// <summary>Makes the first file.</summary>
    /// <param name="command">Whose it is.</param>
    public void Begin(CommandRecord command)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _record = command;
                AddFile();
            }
        }
    }

    /// <summary>Adds a frame of output.</summary>
    /// <param name="frame">The frame: room for the header, then the payload.</param>
    /// <param name="kind">Its kind.</param>
    public void Append(Span<byte> frame, FrameKind kind)
    {
        CommandFrame.WriteHeader(frame, kind, frame.Length - CommandFrame.HeaderLength);
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            Write(frame);
            _end = _end.Plus(kind, frame.Length - CommandFrame.HeaderLength);
        }

        Tell();
    }

    /// <summary>Adds the last frame, how the command ended. Output may still follow, of what it left in the background.</summary>
    /// <param name="kind"><see cref="FrameKind.Exit"/> or <see cref="FrameKind.Error"/>.</param>
    /// <param name="payload">What it says.</param>
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

            Write(frame);
            _segments.Last!.Value.Release();
            _closing = (kind, payload);
            Forget();
        }

        Tell();
    }

    /// <summary>Says how it ended, where its files do not.</summary>
    /// <inheritdoc cref="Close"/>
    public void CloseUnwritten(FrameKind kind, byte[] payload)
    {
        lock (_gate)
        {
            _closing = (kind, payload);
        }

        Tell();
    }

    /// <summary>Starts to read.</summary>
    /// <param name="from">From where; null for the end.</param>
    public OutputLogReader Follow(OutputCursor? from)
    {
        lock (_gate)
        {
            Forget();
            OutputCursor wanted = from ?? _end;
            LinkedListNode<LogSegment>? first = _segments.Last;
            while (first?.Previous is not null && (first.Value.Start.StandardOutput > wanted.StandardOutput || first.Value.Start.StandardError > wanted.StandardError))
            {
                first = first.Previous;
            }

            first?.Value.Acquire();
            OutputLogReader reader = new(this, first, wanted);
            _readers.Add(reader);
            return reader;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            Forget();
            if (_closing is null)
            {
                _segments.Last?.Value.Release();
            }

            foreach (LogSegment segment in _segments)
            {
                segment.Drop();
            }
        }

        Tell();
    }

    /// <summary>The file behind another, opened, the other one let go of; null when there is none yet. Given none, the first.</summary>
    internal LinkedListNode<LogSegment>? MoveOn(LinkedListNode<LogSegment>? segment, long position)
    {
        lock (_gate)
        {
            // One that has fallen out since it was read has no neighbours any more.
            LinkedListNode<LogSegment>? next = segment?.List is null ? _segments.First : segment.Next;
            if (_disposed || next is null || segment?.Value.End > position)
            {
                return null;
            }

            next.Value.Acquire();
            segment?.Value.Release();
            return next;
        }
    }

    /// <summary>The last frame, once everything before it is read.</summary>
    internal (FrameKind Kind, byte[] Payload)? ClosingAt(long position)
    {
        lock (_gate)
        {
            return position >= Length && !_disposed ? _closing : null;
        }
    }

    /// <summary>Completes when there is more behind a position, or the end; false when there never will be. Whoever waited goes on with the loop's thread, and must not keep it.</summary>
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

                if (position < Length || _closing is not null)
                {
                    return true;
                }

                change = (_changed ??= new TaskCompletionSource()).Task;
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    internal void Moved() => RoomMade?.Invoke();

    internal void Remove(OutputLogReader reader, LogSegment? segment)
    {
        lock (_gate)
        {
            _readers.Remove(reader);
            segment?.Release();
            if (_closing is null && !_disposed)
            {
                // It may have lost its connection and come back.
                _departed = Math.Min(_departed ?? long.MaxValue, reader.Position);
                _departure?.Dispose();
                _departure = new Timer(_ => Depart(), null, ReturnLimit, Timeout.InfiniteTimeSpan);
            }
        }

        RoomMade?.Invoke();
    }

    private void Depart()
    {
        lock (_gate)
        {
            Forget();
        }

        RoomMade?.Invoke();
    }

    private void Forget()
    {
        _departed = null;
        _departure?.Dispose();
        _departure = null;
    }

    private void Write(ReadOnlySpan<byte> frame)
    {
        if (_closing is not null)
        {
            // Late output, which is rare.
            _segments.Last!.Value.Acquire();
            _segments.Last.Value.Append(frame);
            _segments.Last.Value.Release();
        }
        else
        {
            if (_segments.Last!.Value.Length >= Math.Min(LargestFile, _bound / FilesPerBound))
            {
                _segments.Last.Value.Release();
                AddFile();
            }

            _segments.Last.Value.Append(frame);
        }

        while (Kept - _segments.First!.Value.Length >= _bound && !(SlowestReader < _segments.First.Value.End))
        {
            _segments.First.Value.Drop();
            _segments.RemoveFirst();
        }
    }

    private void AddFile() => _segments.AddLast(LogSegment.Create(_files, new SegmentHeader(_record!, _number, _index++, _end.StandardOutput, _end.StandardError), Length));

    private void Tell()
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            waiting = _changed;
            _changed = null;
        }

        if (waiting is not null)
        {
            // Not here, under whatever lock the writer holds.
            _loop.Post(waiting.SetResult);
        }
    }
}

using Sandbox.Linux;

namespace Sandbox.Agent.Code;

/// <summary>Receives data that was read from a pipe.</summary>
/// <param name="events">The run that it belongs to; null between runs.</param>
internal delegate void PipeData(RunEvents? events, ReadOnlySpan<byte> data);

/// <summary>Reads from a pipe that an interpreter writes to, also between runs, so that nothing blocks on it. It pauses while the reader of a run's events is slow.</summary>
internal sealed class PipeSource : IDisposable
{
    private const int ChunkSize = 64 * 1024;

    // The largest pipe that an ordinary process can have.
    private const int LargestPipe = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly FileDescriptor _read;
    private readonly PipeData _onData;
    private readonly EventLoop.Watch _watch;
    private readonly byte[] _buffer = new byte[ChunkSize];
    private RunEvents? _events;
    private bool _paused;
    private bool _closed;

    /// <summary>Starts reading.</summary>
    public PipeSource(FileDescriptor read, EventLoop loop, PipeData onData)
    {
        _read = read;
        _onData = onData;
        lock (_gate)
        {
            // The callback may come before this returns.
            _watch = loop.Add(read, OnReadable);
        }
    }

    /// <summary>Assigns the data from now on to a run.</summary>
    public void Begin(RunEvents run)
    {
        lock (_gate)
        {
            // What processes of an earlier run still print is discarded.
            Drain();
            _events = run;
            run.RoomMade += Resume;
        }
    }

    /// <summary>Assigns the data from now on to no run.</summary>
    public void End()
    {
        RunEvents? ended;
        lock (_gate)
        {
            Drain();
            ended = _events;
            _events = null;
        }

        if (ended is not null)
        {
            ended.RoomMade -= Resume;
        }

        Resume();
    }

    /// <summary>Reads what was written before this call, and perhaps more.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            for (int left = LargestPipe, count; left > 0 && (count = ReadOnce()) > 0; left -= count)
            {
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                _watch.Dispose();
                _read.Dispose();
            }
        }
    }

    private void OnReadable()
    {
        lock (_gate)
        {
            if (ReadOnce() == 0)
            {
                Dispose();
            }
            else if (_events?.IsFull == true)
            {
                _paused = true;
                _watch.Pause();
            }
        }

        // Room may have been made before the pause, when nobody was listening for it.
        Resume();
    }

    private int ReadOnce()
    {
        int count = _closed ? 0 : _read.Read(_buffer);
        if (count > 0)
        {
            _onData(_events, _buffer.AsSpan(0, count));
        }

        return count;
    }

    private void Resume()
    {
        lock (_gate)
        {
            if (_paused && !_closed && _events?.IsFull != true)
            {
                _paused = false;
                _watch.Resume();
            }
        }
    }
}

using Sandbox.Linux;

namespace Sandbox.Agent.Code;

/// <summary>Takes what was read from a pipe.</summary>
/// <param name="events">The run that it belongs to; null between runs.</param>
/// <param name="data">The bytes.</param>
internal delegate void PipeData(RunEvents? events, ReadOnlySpan<byte> data);

/// <summary>The reading end of a pipe that an interpreter writes to. It is read all the time, so that nobody hangs on it between runs; while a run's reader is slow, it is not.</summary>
internal sealed class PipeSource : IDisposable
{
    private const int Piece = 64 * 1024;

    // The largest that the kernel lets an ordinary process make a pipe.
    private const int LargestPipe = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly FileDescriptor _read;
    private readonly PipeData _onData;
    private readonly EventLoop.Watch _watch;
    private readonly byte[] _buffer = new byte[Piece];
    private RunEvents? _events;
    private bool _paused;
    private bool _closed;

    /// <summary>Starts to read.</summary>
    /// <param name="read">The end to read from, without blocking; this object's from now on.</param>
    /// <param name="loop">The loop that watches it.</param>
    /// <param name="onData">Takes what was read, one piece after the other, on any thread.</param>
    public PipeSource(FileDescriptor read, EventLoop loop, PipeData onData)
    {
        _read = read;
        _onData = onData;
        lock (_gate)
        {
            // The first call may come before this one returns.
            _watch = loop.Add(read, OnReadable);
        }
    }

    /// <summary>What comes from now on belongs to a run.</summary>
    /// <param name="run">The run's events.</param>
    public void Begin(RunEvents run)
    {
        lock (_gate)
        {
            // Of what a former run left running: nobody's.
            Drain();
            _events = run;
            run.RoomMade += Resume;
        }
    }

    /// <summary>What comes from now on belongs to no run.</summary>
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

    /// <summary>Takes what was written before this call, and may take more.</summary>
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

        // Room may have been made in between, before there was anyone to be told.
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

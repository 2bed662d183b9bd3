namespace Sandbox.Linux;

/// <summary>A receiver of data that can ask its writer to pause.</summary>
public interface IBackpressure
{
    /// <summary>Raised, on any thread, when a paused writer may continue.</summary>
    event Action? RoomMade;

    /// <summary>Whether the writer should pause.</summary>
    bool IsFull { get; }
}

/// <summary>Receives data that was read from a pipe.</summary>
/// <param name="sink">The sink that the data belongs to; null for none.</param>
public delegate void PipeData<in TSink>(TSink? sink, ReadOnlySpan<byte> data)
    where TSink : class;

/// <summary>Reads from a pipe, also while the data belongs to no sink, so that no writer blocks. It pauses while the sink is full.</summary>
public sealed class PipeSource<TSink> : IDisposable
    where TSink : class, IBackpressure
{
    private const int ChunkSize = 64 * 1024;

    // The largest pipe that an ordinary process can have.
    private const int LargestPipe = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly FileDescriptor _read;
    private readonly PipeData<TSink> _onData;
    private readonly EventLoop.Watch _watch;
    private readonly byte[] _buffer = new byte[ChunkSize];
    private TSink? _sink;
    private bool _paused;
    private bool _closed;

    /// <summary>Starts reading.</summary>
    /// <param name="read">The non-blocking end to read from, which this object disposes of.</param>
    /// <param name="onData">Receives the data piece by piece, on any thread.</param>
    public PipeSource(FileDescriptor read, EventLoop loop, PipeData<TSink> onData)
    {
        _read = read;
        _onData = onData;
        lock (_gate)
        {
            // The callback may come before this returns.
            _watch = loop.Add(read, OnReadable);
        }
    }

    /// <summary>Assigns the data from now on to a sink.</summary>
    /// <param name="sink">The sink, which pauses the reading while it is full.</param>
    public void Begin(TSink sink)
    {
        lock (_gate)
        {
            // What was written before belongs to no sink.
            Drain();
            _sink = sink;
            sink.RoomMade += Resume;
        }
    }

    /// <summary>Assigns the data from now on to no sink.</summary>
    public void End()
    {
        TSink? ended;
        lock (_gate)
        {
            Drain();
            ended = _sink;
            _sink = null;
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

    /// <inheritdoc />
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
            else if (_sink?.IsFull == true)
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
            _onData(_sink, _buffer.AsSpan(0, count));
        }

        return count;
    }

    private void Resume()
    {
        lock (_gate)
        {
            if (_paused && !_closed && _sink?.IsFull != true)
            {
                _paused = false;
                _watch.Resume();
            }
        }
    }
}

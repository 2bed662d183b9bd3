using Sandbox.Linux;

namespace Sandbox.Agent.Contexts;

/// <summary>Takes what was read from a pipe.</summary>
/// <param name="events">The run that it belongs to; null between runs.</param>
/// <param name="data">The bytes.</param>
internal delegate void PipeData(RunEvents? events, ReadOnlySpan<byte> data);

/// <summary>The reading end of a pipe that an interpreter writes to. It is read all the time, so that nobody hangs on it between runs; while a run's follower is slow, it is not.</summary>
internal sealed class WatchedPipe : IDisposable
{
    private const int Piece = 64 * 1024;

    // The largest that the kernel lets an ordinary process make a pipe.
    private const int LargestPipe = 1024 * 1024;

    private readonly Lock gate = new();
    private readonly FileDescriptor read;
    private readonly PipeData onData;
    private readonly EventLoop.Watch watch;
    private readonly byte[] buffer = new byte[Piece];
    private RunEvents? events;
    private bool paused;
    private bool closed;

    /// <summary>Starts to read.</summary>
    /// <param name="read">The end to read from, without blocking; this object's from now on.</param>
    /// <param name="loop">The loop that watches it.</param>
    /// <param name="onData">Takes what was read, one piece after the other, on any thread.</param>
    public WatchedPipe(FileDescriptor read, EventLoop loop, PipeData onData)
    {
        this.read = read;
        this.onData = onData;
        lock (gate)
        {
            // The first call may come before this one returns.
            watch = loop.Add(read, OnReadable);
        }
    }

    /// <summary>What comes from now on belongs to a run.</summary>
    /// <param name="run">The run's events.</param>
    public void Begin(RunEvents run)
    {
        lock (gate)
        {
            // Of what a former run left running: nobody's.
            Drain();
            events = run;
            run.RoomMade += Resume;
        }
    }

    /// <summary>What comes from now on belongs to no run.</summary>
    public void End()
    {
        RunEvents? ended;
        lock (gate)
        {
            Drain();
            ended = events;
            events = null;
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
        lock (gate)
        {
            for (int left = LargestPipe, count; left > 0 && (count = ReadOnce()) > 0; left -= count)
            {
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            if (!closed)
            {
                closed = true;
                watch.Dispose();
                read.Dispose();
            }
        }
    }

    private void OnReadable()
    {
        lock (gate)
        {
            if (ReadOnce() == 0)
            {
                Dispose();
            }
            else if (events?.IsFull == true)
            {
                paused = true;
                watch.Pause();
            }
        }

        // Room may have been made in between, before there was anyone to be told.
        Resume();
    }

    private int ReadOnce()
    {
        int count = closed ? 0 : read.Read(buffer);
        if (count > 0)
        {
            onData(events, buffer.AsSpan(0, count));
        }

        return count;
    }

    private void Resume()
    {
        lock (gate)
        {
            if (paused && !closed && events?.IsFull != true)
            {
                paused = false;
                watch.Resume();
            }
        }
    }
}

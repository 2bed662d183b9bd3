using System.Buffers;
using System.IO.Pipelines;

namespace Sandbox;

/// <summary>The way of input from the pipeline to one command. It holds the pipeline back while the command could read and does not; never while the command
/// waits for its turn, which may come only when this very pipeline has ended.</summary>
/// <param name="onClosed">Called when the reader has closed its side.</param>
internal sealed class InputBuffer(Action onClosed)
{
    private const int Room = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private TaskCompletionSource? _room;
    private long _pending;
    private bool _holdsBack;
    private bool _isClosed;

    /// <summary>The read side, for the command.</summary>
    public PipeReader Reader => _pipe.Reader;

    /// <summary>Adds bytes.</summary>
    /// <returns>Ends when there is room for more.</returns>
    public Task Write(ReadOnlySpan<byte> bytes)
    {
        // A command that has exited discards its input at once.
        _pipe.Writer.Write(bytes);

        // Completes synchronously: this pipe has no limit.
        _pipe.Writer.FlushAsync().AsTask().GetAwaiter().GetResult();
        lock (_gate)
        {
            _pending += bytes.Length;
            return !_holdsBack || _isClosed || _pending <= Room
                ? Task.CompletedTask
                : (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    public void Finish() => _pipe.Writer.Complete();

    /// <summary>Counts bytes that were sent.</summary>
    public void Take(long count)
    {
        lock (_gate)
        {
            _pending -= count;
            Release(_pending <= Room / 2);
        }
    }

    /// <summary>Says whether the command could read.</summary>
    /// <param name="isOn">Whether the command can read, because it is running.</param>
    public void HoldBack(bool isOn)
    {
        lock (_gate)
        {
            _holdsBack = isOn;
            Release(!isOn);
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Release(true);
        }

        _pipe.Reader.Complete();
        onClosed();
    }

    private void Release(bool hasRoom)
    {
        if (hasRoom)
        {
            _room?.TrySetResult();
            _room = null;
        }
    }
}

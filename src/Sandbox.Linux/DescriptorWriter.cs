namespace Sandbox.Linux;

/// <summary>Writes to a descriptor that does not block no faster than the other side takes it, without a thread that waits.</summary>
public sealed class DescriptorWriter : IDisposable
{
    private readonly Lock gate = new();
    private readonly FileDescriptor descriptor;
    private readonly EventLoop.Watch watch;
    private TaskCompletionSource? room;
    private bool closed;

    /// <summary>Prepares to write; one write at a time.</summary>
    /// <param name="descriptor">Where to; it stays its owner's.</param>
    /// <param name="loop">Where it is watched.</param>
    public DescriptorWriter(FileDescriptor descriptor, EventLoop loop)
    {
        ArgumentNullException.ThrowIfNull(loop);
        this.descriptor = descriptor;
        watch = loop.AddWriter(descriptor, OnRoom);
    }

    /// <summary>Writes everything, or nothing more once this is disposed of.</summary>
    /// <param name="bytes">What to write.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The other side has gone.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                cancellation.ThrowIfCancellationRequested();
                if (closed)
                {
                    return;
                }

                bytes = bytes[descriptor.Write(bytes.Span)..];
                if (bytes.Length == 0)
                {
                    return;
                }

                room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = room.Task;
                watch.Resume();
            }

            await wait.WaitAsync(cancellation);
        }
    }

    /// <summary>Ends a write that waits.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            watch.Dispose();
            room?.TrySetResult();
        }
    }

    private void OnRoom()
    {
        lock (gate)
        {
            if (!closed)
            {
                watch.Pause();
                room?.TrySetResult();
            }
        }
    }
}

namespace Sandbox.Linux;

/// <summary>Writes to a non-blocking descriptor at the reader's pace, without blocking a thread.</summary>
public sealed class DescriptorWriter : IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileDescriptor _descriptor;
    private readonly EventLoop.Watch _watch;
    private TaskCompletionSource? _room;
    private bool _closed;

    /// <param name="descriptor">The descriptor, which is not disposed.</param>
    public DescriptorWriter(FileDescriptor descriptor, EventLoop loop)
    {
        _descriptor = descriptor;
        _watch = loop.AddWriter(descriptor, OnRoom);
    }

    /// <summary>Writes all bytes; concurrent writes are not supported. After <see cref="Dispose"/> the rest is dropped.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The reader has closed.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (_closed)
                {
                    return;
                }

                bytes = bytes[_descriptor.Write(bytes.Span)..];
                if (bytes.Length == 0)
                {
                    return;
                }

                _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _room.Task;
                _watch.Resume();
            }

            await wait.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Ends a pending write.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            _watch.Dispose();
            _room?.TrySetResult();
        }
    }

    private void OnRoom()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _watch.Pause();
                _room?.TrySetResult();
            }
        }
    }
}

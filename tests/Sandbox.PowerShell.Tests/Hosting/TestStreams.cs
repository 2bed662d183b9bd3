namespace Sandbox.Tests;

/// <summary>Stream without an end.</summary>
internal sealed class EndlessStream : TestStream
{
    protected override Task<int> NextAsync(Memory<byte> buffer) => Task.Run(() => buffer.Length);
}

/// <summary>Stream that fails after ten reads.</summary>
internal sealed class FailingStream : TestStream
{
    private int _reads;

    protected override Task<int> NextAsync(Memory<byte> buffer) =>
        Task.Run(() => _reads++ < 10 ? buffer.Length : throw new InvalidDataException("The archive is damaged."));
}

/// <summary>Stream that returns one line and then blocks until the test ends it. It ignores cancellation.</summary>
public sealed class BlockingStream : TestStream
{
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasReturned;

    public void Finish() => _end.TrySetResult();

    protected override async Task<int> NextAsync(Memory<byte> buffer)
    {
        if (_hasReturned)
        {
            await _end.Task;
            return 0;
        }

        _hasReturned = true;
        "first\n"u8.CopyTo(buffer.Span);
        return 6;
    }
}

/// <summary>Base class of read-only streams.</summary>
public abstract class TestStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => NextAsync(buffer.AsMemory(offset, count)).GetAwaiter().GetResult();

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => NextAsync(buffer.AsMemory(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(NextAsync(buffer));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected abstract Task<int> NextAsync(Memory<byte> buffer);
}

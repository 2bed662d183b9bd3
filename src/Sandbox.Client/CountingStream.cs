using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A read-only stream that reports the number of bytes read.</summary>
/// <param name="inner">The stream.</param>
/// <param name="progress">Receives the progress.</param>
internal sealed class CountingStream(Stream inner, TransferProgress progress) : ReadOnlyStream
{
    /// <inheritdoc />
    public override bool CanSeek => inner.CanSeek;

    /// <inheritdoc />
    public override long Length => inner.Length;

    /// <inheritdoc />
    public override long Position
    {
        get => inner.Position;
        set
        {
            // Bytes read again after a seek are counted once.
            progress.Add(value - inner.Position);
            inner.Position = value;
        }
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await inner.ReadAsync(buffer, cancellationToken);
        progress.Add(count);
        return count;
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = inner.Read(buffer, offset, count);
        progress.Add(read);
        return read;
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        inner.Dispose();
        base.Dispose(disposing);
    }
}

using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>An open file as a stream of the length it had when it was opened: a tar entry states its length first,
/// and the file may change meanwhile. Missing bytes are zeros, as in tar.</summary>
internal sealed class FixedLengthStream(FileDescriptor file, long length) : ReadOnlyStream
{
    private long _position;

    /// <inheritdoc />
    public override bool CanSeek => true;

    /// <inheritdoc />
    public override long Length => length;

    /// <inheritdoc />
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override int Read(Span<byte> buffer)
    {
        Span<byte> wanted = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        int count = file.Read(wanted);
        if (count <= 0)
        {
            wanted.Clear();
            count = wanted.Length;
        }

        _position += count;
        return count;
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc />
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
}

using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>An open file as a stream of the length it had when it was opened: a tar entry states its length first,
/// and the file may change meanwhile. Missing bytes are zeros, as in tar.</summary>
internal sealed class FixedLengthStream(FileDescriptor file, long length) : ReadOnlyStream
{
    private long _position;

    public override bool CanSeek => true;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

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

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));
}

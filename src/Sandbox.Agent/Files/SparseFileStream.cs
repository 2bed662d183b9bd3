using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Files;

/// <summary>The map of a file with holes and then its parts, as a tar entry has them. Bytes that are missing meanwhile are zeros.</summary>
internal sealed class SparseFileStream : ReadOnlyStream
{
    private readonly FileDescriptor _file;
    private readonly SparseMap _map;
    private readonly byte[] _head;
    private long _position;
    private int _part;
    private long _inPart;

    public SparseFileStream(FileDescriptor file, SparseMap map)
    {
        (_file, _map, _head) = (file, map, map.ToBytes());
        Length = _head.Length + map.Parts.Sum(part => part.Length);
    }

    public override bool CanSeek => true;

    public override long Length { get; }

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count = _position < _head.Length ? ReadHead(buffer) : ReadPart(buffer);
        _position += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    private int ReadHead(Span<byte> buffer)
    {
        ReadOnlySpan<byte> rest = _head.AsSpan((int)_position);
        int count = Math.Min(rest.Length, buffer.Length);
        rest[..count].CopyTo(buffer);
        return count;
    }

    private int ReadPart(Span<byte> buffer)
    {
        while (_part < _map.Parts.Count && _inPart == _map.Parts[_part].Length)
        {
            (_part, _inPart) = (_part + 1, 0);
        }

        if (_part == _map.Parts.Count)
        {
            return 0;
        }

        (long offset, long length) = _map.Parts[_part];
        if (_inPart == 0)
        {
            _file.Seek(offset);
        }

        Span<byte> wanted = buffer[..(int)Math.Min(buffer.Length, length - _inPart)];
        int count = _file.Read(wanted);
        if (count <= 0)
        {
            wanted.Clear();
            count = wanted.Length;
        }

        _inPart += count;
        return count;
    }
}

using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>One file of a <see cref="OutputLog"/>: a header that says whose it is and where it begins, then frames. It can be read without the pool before it, which may be gone.</summary>
/// <remarks>The journal's lock guards all but <see cref="Read"/>.</remarks>
internal sealed class LogSegment
{
    // A header longer than this is not one that we wrote.
    private const int LongestHeader = 1024 * 1024;

    private readonly SegmentPool _pool;
    private readonly string _path;
    private readonly int _headerLength;
    private SafeFileHandle? _file;
    private int _users;
    private long _length;

    private LogSegment(SegmentPool pool, string path, int headerLength, long position, OutputCursor start)
    {
        _pool = pool;
        _path = path;
        _headerLength = headerLength;
        Position = position;
        Start = start;
    }

    /// <summary>How many bytes of frames lie in the pool before it.</summary>
    public long Position { get; }

    /// <summary>How many bytes of output lie in the pool before it.</summary>
    public OutputCursor Start { get; }

    /// <summary>How many bytes of frames it has.</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>The place behind its last frame.</summary>
    public long End => Position + Length;

    /// <summary>Takes a file; it is in use from then on, see <see cref="Release"/>.</summary>
    /// <param name="pool">Where from.</param>
    /// <param name="header">What it begins with.</param>
    /// <param name="position">How many bytes of frames lie before it.</param>
    public static LogSegment Create(SegmentPool pool, SegmentHeader header, long position)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header, CommandJson.Default.SegmentHeader);
        byte[] bytes = new byte[sizeof(int) + json.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, sizeof(int));
        LogSegment segment = new(pool, pool.Take(), bytes.Length, position, new(header.StandardOutput, header.StandardError));
        segment.Acquire();
        RandomAccess.Write(segment._file!, bytes, 0);
        return segment;
    }

    /// <summary>Reads what a file that an earlier agent wrote begins with.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="FormatException">It is not a file of ours any more.</exception>
    public static SegmentHeader ReadHeader(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        byte[] size = new byte[sizeof(int)];
        int length = RandomAccess.Read(handle, size, 0) == size.Length ? BinaryPrimitives.ReadInt32LittleEndian(size) : -1;
        if (length is < 0 or > LongestHeader)
        {
            throw new FormatException("The header is not ours.");
        }

        byte[] json = new byte[length];
        if (RandomAccess.Read(handle, json, size.Length) < length)
        {
            throw new FormatException("The header is cut off.");
        }

        try
        {
            SegmentHeader header = JsonSerializer.Deserialize(json, CommandJson.Default.SegmentHeader) ?? throw new FormatException("The header is empty.");
            Identifier.Require(header.Command?.Id ?? "", "process");
            return header;
        }
        catch (Exception exception) when (exception is JsonException or ApiException)
        {
            throw new FormatException("The header is not ours.", exception);
        }
    }

    /// <summary>Brings back a file that an earlier agent wrote.</summary>
    /// <param name="pool">Where it belongs.</param>
    /// <param name="path">The file.</param>
    /// <param name="header">What it begins with.</param>
    /// <param name="position">How many bytes of frames lie before it.</param>
    /// <param name="onFrame">Told of each whole frame. What follows the last one was cut off and does not count.</param>
    /// <exception cref="FormatException">It is not a file of ours any more.</exception>
    public static LogSegment Load(SegmentPool pool, string path, SegmentHeader header, long position, Action<FrameKind, byte[]> onFrame)
    {
        byte[] content = File.ReadAllBytes(path);
        int headerLength = sizeof(int) + BinaryPrimitives.ReadInt32LittleEndian(content);
        LogSegment segment = new(pool, path, headerLength, position, new(header.StandardOutput, header.StandardError));
        ReadOnlySpan<byte> frames = content.AsSpan(headerLength);
        int whole = frames.Length;
        while (CommandFrame.TryRead(ref frames, out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            onFrame(kind, payload.ToArray());
        }

        segment._length = whole - frames.Length;
        return segment;
    }

    /// <summary>Keeps the file open until <see cref="Release"/>.</summary>
    public void Acquire()
    {
        _file ??= File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _users++;
    }

    /// <summary>Many pool are kept, few are in use: only those are open.</summary>
    public void Release()
    {
        if (--_users == 0)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    /// <summary>Adds a frame.</summary>
    /// <param name="frame">The frame.</param>
    public void Append(ReadOnlySpan<byte> frame)
    {
        RandomAccess.Write(_file!, frame, _headerLength + _length);
        Volatile.Write(ref _length, _length + frame.Length);
    }

    /// <summary>Reads frames, while it is in use.</summary>
    /// <param name="offset">Where, from its first frame on.</param>
    /// <param name="buffer">Where to.</param>
    /// <returns>How many bytes; 0 when there are no more now.</returns>
    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, Length - offset);
        return count <= 0 ? 0 : RandomAccess.Read(_file!, buffer[..count], _headerLength + offset);
    }

    /// <summary>Gives the file up; who reads it now may read on.</summary>
    public void Drop()
    {
        if (_users == 0)
        {
            _pool.GiveBack(_path);
        }
        else
        {
            File.Delete(_path);
        }
    }
}

using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Sandbox.Protocol;

namespace Sandbox.Agent.Commands;

/// <summary>One file of an <see cref="OutputLog"/>: a header that identifies the command and the offset, then frames. It can be read without the files before
/// it.</summary>
/// <remarks>The log's lock guards all members but <see cref="Read"/>.</remarks>
internal sealed class LogSegment
{
    // A longer header is not one that an agent wrote.
    private const int MaximumHeader = 1024 * 1024;

    // Nor is a longer file: the agent begins another one after a few megabytes.
    private const long MaximumFile = 64L << 20;

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

    /// <summary>How many bytes of frames precede it in the log.</summary>
    public long Position { get; }

    /// <summary>How many bytes of output precede it in the log.</summary>
    public OutputCursor Start { get; }

    public long Length => Volatile.Read(ref _length);

    public long End => Position + Length;

    /// <summary>Takes a file from the pool and opens it until <see cref="Release"/>.</summary>
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

    /// <summary>Reads the header of a file that an earlier agent wrote.</summary>
    /// <exception cref="FormatException">The file is not an output log of the agent.</exception>
    public static SegmentHeader ReadHeader(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        byte[] size = new byte[sizeof(int)];
        bool hasSize = RandomAccess.GetLength(handle) <= MaximumFile && RandomAccess.Read(handle, size, 0) == size.Length;
        int length = hasSize ? BinaryPrimitives.ReadInt32LittleEndian(size) : -1;
        if (length is < 0 or > MaximumHeader)
        {
            throw new FormatException("The file is not an output log of the agent.");
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
            throw new FormatException("The file is not an output log of the agent.", exception);
        }
    }

    /// <summary>Loads a file that an earlier agent wrote.</summary>
    /// <exception cref="FormatException">The file is not an output log of the agent.</exception>
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

    /// <summary>Closes the file when nobody uses it: many are kept, few are in use.</summary>
    public void Release()
    {
        if (--_users == 0)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    public void Append(ReadOnlySpan<byte> frame)
    {
        RandomAccess.Write(_file!, frame, _headerLength + _length);
        Volatile.Write(ref _length, _length + frame.Length);
    }

    /// <summary>Reads frames; the segment must be acquired.</summary>
    /// <returns>How many bytes were read; 0 when there are no more yet.</returns>
    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Min(buffer.Length, Length - offset);
        return count <= 0 ? 0 : RandomAccess.Read(_file!, buffer[..count], _headerLength + offset);
    }

    /// <summary>Gives the file back. A current reader can still finish it.</summary>
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

using System.Buffers;
using System.Text;

namespace Sandbox;

/// <summary>A buffer that keeps bytes up to a limit and discards the rest.</summary>
internal sealed class BoundedBuffer
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Adds bytes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="limit">The maximum length of the buffer in bytes.</param>
    /// <returns>Whether all bytes fit.</returns>
    public bool Add(ReadOnlySpan<byte> data, long limit)
    {
        int room = (int)Math.Clamp(limit - _bytes.WrittenCount, 0, data.Length);
        _bytes.Write(data[..room]);
        return room == data.Length;
    }

    public long Length => _bytes.WrittenCount;

    /// <inheritdoc />
    public override string ToString() => Encoding.UTF8.GetString(_bytes.WrittenSpan);
}

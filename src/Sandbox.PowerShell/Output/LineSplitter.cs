using System.Buffers;
using System.Text;

namespace Sandbox;

/// <summary>Turns bytes into lines as they come. Lines are cut as bytes, so a character that arrives in two pieces is whole again.</summary>
/// <param name="onLine">Called with each line.</param>
internal sealed class LineSplitter(Action<string> onLine)
{
    private readonly ArrayBufferWriter<byte> _partial = new(256);

    /// <summary>Takes bytes and hands on the lines they complete.</summary>
    /// <param name="data">The bytes.</param>
    public void Add(ReadOnlySpan<byte> data)
    {
        for (int end; (end = data.IndexOf((byte)'\n')) >= 0; data = data[(end + 1)..])
        {
            ReadOnlySpan<byte> line = data[..end];
            if (_partial.WrittenCount > 0)
            {
                _partial.Write(line);
                Emit(_partial.WrittenSpan);
                _partial.ResetWrittenCount();
            }
            else
            {
                Emit(line);
            }
        }

        _partial.Write(data);
    }

    /// <summary>Hands on what is left when nothing more comes.</summary>
    public void Finish()
    {
        if (_partial.WrittenCount > 0)
        {
            onLine(Encoding.UTF8.GetString(_partial.WrittenSpan));
            _partial.ResetWrittenCount();
        }
    }

    private void Emit(ReadOnlySpan<byte> line) =>
        onLine(Encoding.UTF8.GetString(line is [.. var text, (byte)'\r'] ? text : line));
}

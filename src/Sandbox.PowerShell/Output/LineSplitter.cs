using System.Buffers;
using System.Text;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Splits output into lines, each channel on its own. Splits bytes, so that a character that arrives in two pieces stays whole.</summary>
/// <param name="onLine">Called with each line.</param>
internal sealed class LineSplitter(Action<OutputChannel, string> onLine)
{
    private readonly ArrayBufferWriter<byte>[] _partials = [new(256), new(256)];

    /// <summary>Adds bytes and emits the lines they complete.</summary>
    public void Add(OutputChannel channel, ReadOnlySpan<byte> data)
    {
        ArrayBufferWriter<byte> partial = _partials[(int)channel];
        for (int end; (end = data.IndexOf((byte)'\n')) >= 0; data = data[(end + 1)..])
        {
            ReadOnlySpan<byte> line = data[..end];
            if (partial.WrittenCount > 0)
            {
                partial.Write(line);
                line = partial.WrittenSpan;
            }

            onLine(channel, Encoding.UTF8.GetString(line is [.. var text, (byte)'\r'] ? text : line));
            partial.ResetWrittenCount();
        }

        partial.Write(data);
    }

    /// <summary>Emits the incomplete last line of both channels.</summary>
    public void Finish()
    {
        Finish(OutputChannel.Output);
        Finish(OutputChannel.Error);
    }

    /// <summary>Emits the incomplete last line of a channel.</summary>
    public void Finish(OutputChannel channel)
    {
        ArrayBufferWriter<byte> partial = _partials[(int)channel];
        if (partial.WrittenCount > 0)
        {
            onLine(channel, Encoding.UTF8.GetString(partial.WrittenSpan));
            partial.ResetWrittenCount();
        }
    }
}

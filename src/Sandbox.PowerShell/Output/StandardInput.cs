using System.Buffers;
using System.Management.Automation;
using System.Text;

namespace Sandbox;

/// <summary>What commands read, as it comes from the pipeline: a text is a line, bytes and streams are taken as they are. Belongs to the pipeline's thread.</summary>
/// <param name="wait">Waits for a task while the pipeline goes on.</param>
internal sealed class StandardInput(Action<Task> wait)
{
    private const int Piece = 64 * 1024;

    private readonly List<InputBuffer> _buffers = [];
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Makes a way to one more command.</summary>
    public InputBuffer Open()
    {
        InputBuffer buffer = new();
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>The end of input.</summary>
    public void Finish() => _buffers.ForEach(buffer => buffer.Finish());

    /// <summary>Adds a value.</summary>
    /// <param name="value">The value, not null.</param>
    public void Add(object value)
    {
        switch (value is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : value)
        {
            case byte single:
                Send([single]);
                break;
            case byte[] many:
                Send(many);
                break;
            case string line:
                SendLine(line);
                break;
            case Stream stream:
                Copy(stream);
                break;
            case object[] items:
                foreach (object? item in items)
                {
                    Add(item ?? "");
                }

                break;
            case var other:
                SendLine(LanguagePrimitives.ConvertTo<string>(other));
                break;
        }
    }

    private void SendLine(string line)
    {
        _bytes.ResetWrittenCount();
        Encoding.UTF8.GetBytes(line, _bytes);
        _bytes.Write("\n"u8);
        Send(_bytes.WrittenSpan);
    }

    private void Copy(Stream stream)
    {
        byte[] buffer = new byte[Piece];
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            Send(buffer.AsSpan(0, count));
        }
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        do
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(Piece, bytes.Length)];
            bytes = bytes[piece.Length..];
            foreach (InputBuffer buffer in _buffers)
            {
                Task room = buffer.Write(piece);
                if (!room.IsCompleted)
                {
                    wait(room);
                }
            }
        }
        while (bytes.Length > 0);
    }
}

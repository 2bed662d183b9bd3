using System.Buffers;
using System.Management.Automation;
using System.Text;

namespace Sandbox;

/// <summary>The input of commands from the pipeline: a string is a line, bytes and streams are unchanged. Only for the pipeline's thread.</summary>
internal abstract class StandardInput
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Sends the input to the commands.</summary>
    private protected InputBroadcaster Fan { get; } = new();

    /// <summary>Adds a command that reads the input.</summary>
    public CommandInput Open() => new(Fan.Open());

    public abstract void Finish();

    /// <summary>Adds a value.</summary>
    /// <param name="value">The value, not null.</param>
    public void Add(object value)
    {
        switch (value.UnwrapValue())
        {
            case byte single:
                _bytes.ResetWrittenCount();
                _bytes.Write([single]);
                Send(_bytes.WrittenMemory);
                break;
            case byte[] many:
                Send(many);
                break;
            case string line:
                SendLine(line);
                break;
            case Stream stream:
                Send(stream);
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

    /// <summary>Adds bytes. The caller may reuse the buffer after the call.</summary>
    private protected abstract void Send(ReadOnlyMemory<byte> bytes);

    /// <summary>Adds the content of a stream.</summary>
    private protected abstract void Send(Stream stream);

    private void SendLine(string line)
    {
        _bytes.ResetWrittenCount();
        Encoding.UTF8.GetBytes(line, _bytes);
        _bytes.Write("\n"u8);
        Send(_bytes.WrittenMemory);
    }
}

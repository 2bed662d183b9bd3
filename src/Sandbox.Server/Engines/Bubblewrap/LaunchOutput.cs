using System.Text;
using Sandbox.Linux;

namespace Sandbox.Server.Engines.Bubblewrap;

/// <summary>What the programs that launch a sandbox print, on a pipe: the sandbox's init keeps their standard output, and code in the sandbox could open a
/// file that is there.</summary>
internal sealed class LaunchOutput : IDisposable
{
    private const int MaxLength = 4096;

    private readonly FileDescriptor _reader;
    private readonly List<byte> _bytes = [];

    public LaunchOutput()
    {
        FileDescriptor.CreatePipe(out _reader, out FileDescriptor writer, nonBlockingRead: true);
        Writer = writer;
    }

    /// <summary>Gets the end for the programs. It is closed here when they have it.</summary>
    public FileDescriptor Writer { get; }

    /// <summary>Returns the beginning of what was printed until now.</summary>
    public string Read()
    {
        byte[] buffer = new byte[MaxLength];
        int count = 0;
        while (_bytes.Count < MaxLength && (count = _reader.Read(buffer)) > 0)
        {
            _bytes.AddRange(buffer.AsSpan(0, count));
        }

        return Encoding.UTF8.GetString([.. _bytes]);
    }

    public void Dispose()
    {
        Writer.Dispose();
        _reader.Dispose();
    }
}

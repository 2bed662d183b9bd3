using System.Text;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Baseline of a session: bash that reads lines from one pipe and prints to another.</summary>
internal sealed class PipedShell : IDisposable
{
    private readonly FileDescriptor _input;
    private readonly FileDescriptor _output;
    private readonly ChildProcess _process;

    public PipedShell(params string[] arguments)
    {
        FileDescriptor.CreatePipe(out FileDescriptor inputRead, out _input);
        FileDescriptor.CreatePipe(out _output, out FileDescriptor outputWrite);
        using (inputRead)
        using (outputWrite)
        {
            _process = Programs.Start(Programs.Bash, ["--norc", "--noprofile", .. arguments], inputRead, outputWrite);
        }
    }

    public int Id => _process.Id;

    /// <summary>Runs a line and waits until it has reported that it is done.</summary>
    public Task RunAsync(string line)
    {
        Span<byte> answer = stackalloc byte[16];
        _input.WriteAll(Encoding.UTF8.GetBytes($"{line}\necho\n"));
        return _output.Read(answer) == 1 ? Task.CompletedTask : throw new IOException("The shell did not answer.");
    }

    /// <summary>Reads output; returns 0 at its end.</summary>
    public int Read(Span<byte> buffer) => _output.Read(buffer);

    public void Write(ReadOnlySpan<byte> bytes) => _input.WriteAll(bytes);

    public void EndInput() => _input.Dispose();

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
        _process.Send(Signal.KILL);
        _process.Collect();
        _process.Dispose();
    }
}

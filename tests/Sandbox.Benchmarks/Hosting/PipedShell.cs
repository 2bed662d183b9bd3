using System.Text;
using Sandbox.Linux;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Baseline of a session: bash that reads lines from one pipe and prints to another.</summary>
internal sealed class PipedShell : IDisposable
{
    private readonly FileDescriptor input;
    private readonly FileDescriptor output;
    private readonly ChildProcess process;

    public PipedShell(params string[] arguments)
    {
        FileDescriptor.CreatePipe(out FileDescriptor inputRead, out input);
        FileDescriptor.CreatePipe(out output, out FileDescriptor outputWrite);
        using (inputRead)
        using (outputWrite)
        {
            process = Programs.Start(Programs.Bash, ["--norc", "--noprofile", .. arguments], inputRead, outputWrite);
        }
    }

    public int Id => process.Id;

    /// <summary>Runs a line and waits until it has reported that it is done.</summary>
    public Task RunAsync(string line)
    {
        Span<byte> answer = stackalloc byte[16];
        input.WriteAll(Encoding.UTF8.GetBytes($"{line}\necho\n"));
        return output.Read(answer) == 1 ? Task.CompletedTask : throw new IOException("The shell did not answer.");
    }

    /// <summary>Reads output; returns 0 at its end.</summary>
    public int Read(Span<byte> buffer) => output.Read(buffer);

    public void Write(ReadOnlySpan<byte> bytes) => input.WriteAll(bytes);

    public void EndInput() => input.Dispose();

    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
        process.Send(Signal.KILL);
        process.Collect();
        process.Dispose();
    }
}

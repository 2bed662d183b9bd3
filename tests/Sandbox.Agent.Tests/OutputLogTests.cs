using CsCheck;
using Sandbox.Agent.Commands;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Tests;

/// <summary>Property tests of the output log with any output, any split into writes and any cursor.</summary>
public sealed class OutputLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("sbj").FullName;

    private readonly EventLoop _loop = new(failure => Assert.Fail(failure.ToString()));

    public void Dispose()
    {
        _loop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Request_fingerprint_does_not_depend_on_secret_values()
    {
        Assert.Equal(FingerprintOf("one"), FingerprintOf("two"));
        Assert.NotEqual(FingerprintOf("one"), FingerprintOf("one", name: "OTHER"));
        Assert.NotEqual(FingerprintOf("one"), FingerprintOf("one", command: "false"));

        static string FingerprintOf(string secret, string name = "TOKEN", string command = "true") =>
            Command.FingerprintOf(ProcessKind.Command, "s", new ExecRequest { Command = command, SecretEnv = new() { [name] = secret } });
    }

    [Fact]
    public void Reader_gets_the_exact_bytes_after_any_cursor()
    {
        Gen<(bool IsError, byte[] Bytes)[]> writes = Gen.Select(Gen.Bool, Gen.Byte.Array[1, 3000]).Array[0, 40];
        Gen.Select(writes, Gen.Double.Unit, Gen.Double.Unit).Sample((pieces, outputPart, errorPart) =>
        {
            byte[] output = [.. pieces.Where(piece => !piece.Item1).SelectMany(piece => piece.Item2)];
            byte[] error = [.. pieces.Where(piece => piece.Item1).SelectMany(piece => piece.Item2)];
            using OutputLog log = Write(pieces, bound: 1L << 30);
            OutputCursor from = new((long)(output.Length * outputPart), (long)(error.Length * errorPart));
            (byte[] readOutput, byte[] readError, OutputCursor? gap, OutputCursor end) = Read(log, from);
            return readOutput.AsSpan().SequenceEqual(output.AsSpan((int)from.StandardOutput))
                && readError.AsSpan().SequenceEqual(error.AsSpan((int)from.StandardError))
                && gap is null && end == new OutputCursor(output.Length, error.Length);
        }, iter: 200);
    }

    [Fact]
    public void Reader_of_a_truncated_log_gets_the_rest_and_the_first_cursor()
    {
        Gen.Select(Gen.Bool, Gen.Byte.Array[1, 3000]).Array[0, 200].Sample(pieces =>
        {
            byte[] output = [.. pieces.Where(piece => !piece.Item1).SelectMany(piece => piece.Item2)];
            byte[] error = [.. pieces.Where(piece => piece.Item1).SelectMany(piece => piece.Item2)];
            using OutputLog log = Write(pieces, bound: 64 * 1024);
            (byte[] readOutput, byte[] readError, OutputCursor? gap, OutputCursor end) = Read(log, default);
            OutputCursor begin = gap ?? default;
            return readOutput.AsSpan().SequenceEqual(output.AsSpan((int)begin.StandardOutput))
                && readError.AsSpan().SequenceEqual(error.AsSpan((int)begin.StandardError))
                && begin == log.Range.Start && end == log.Range.End;
        }, iter: 100);
    }

    private OutputLog Write((bool IsError, byte[] Bytes)[] pieces, long bound)
    {
        OutputLog log = new(new SegmentPool(Path.Combine(_directory, Guid.NewGuid().ToString("N"))), _loop, 1, bound);
        log.Begin(new CommandRecord { Id = "a", Kind = ProcessKind.Process, Text = "", Fingerprint = "", CreatedAt = DateTimeOffset.UtcNow });
        foreach ((bool isError, byte[] bytes) in pieces)
        {
            byte[] frame = [.. new byte[CommandFrame.HeaderLength], .. bytes];
            log.Append(frame, isError ? FrameKind.StandardError : FrameKind.StandardOutput);
        }

        log.Close(FrameKind.Exit, [1]);
        return log;
    }

    private static (byte[] Output, byte[] Error, OutputCursor? Gap, OutputCursor End) Read(OutputLog log, OutputCursor from)
    {
        List<byte> output = [], error = [];
        OutputCursor? gap = null;
        using OutputLogReader follower = log.OpenReader(from);
        while (follower.TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload))
        {
            switch (kind)
            {
                case FrameKind.StandardOutput:
                    output.AddRange(payload);
                    break;
                case FrameKind.StandardError:
                    error.AddRange(payload);
                    break;
                case FrameKind.Position:
                    gap = OutputCursor.Read(payload);
                    break;
                default:
                    return ([.. output], [.. error], gap, follower.Cursor);
            }
        }

        throw new InvalidOperationException("The log has no end.");
    }
}

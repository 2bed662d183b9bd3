using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace Sandbox.Agent.Code.Jupyter;

/// <summary>A ZeroMQ connection to one peer on the loopback interface: the part of ZMTP 3.0 (rfc.zeromq.org/spec/23) that a client without security
/// needs.</summary>
/// <remarks>The library NetMQ has sockets that belong to threads of their own and cannot be cancelled. One peer per socket that is never reconnected needs no
/// library.</remarks>
internal sealed class ZmtpConnection : IDisposable
{
    private const int GreetingLength = 64;
    private const byte More = 1;
    private const byte Long = 2;
    private const byte Command = 4;

    // Keeps a kernel that sends a broken frame from exhausting memory.
    private const long LargestFrame = 512L * 1024 * 1024;

    private readonly Socket _socket;
    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;
    private readonly SemaphoreSlim _sending = new(1, 1);

    private ZmtpConnection(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = PipeReader.Create(_stream);
    }

    /// <exception cref="SocketException">Nobody listens.</exception>
    /// <exception cref="IOException">The peer is not what it should be, or has gone.</exception>
    public static async Task<ZmtpConnection> ConnectAsync(int port, string socketType, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            ZmtpConnection connection = new(socket);
            await connection.GreetAsync(socketType, cancellationToken);
            return connection;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task SendAsync(IReadOnlyList<byte[]> parts, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> frames = new();
        for (int i = 0; i < parts.Count; i++)
        {
            WriteFrame(frames, i < parts.Count - 1 ? More : (byte)0, parts[i]);
        }

        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _stream.WriteAsync(frames.WrittenMemory, cancellationToken);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <returns>The parts of the message.</returns>
    /// <exception cref="IOException">The peer has gone.</exception>
    public async Task<IReadOnlyList<byte[]>> ReceiveAsync(CancellationToken cancellationToken)
    {
        List<byte[]> parts = [];
        while (true)
        {
            (byte flags, byte[] body) = await ReadFrameAsync(cancellationToken);
            if ((flags & Command) == 0)
            {
                parts.Add(body);
                if ((flags & More) == 0)
                {
                    return parts;
                }
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _stream.Dispose();

    private static void WriteFrame(ArrayBufferWriter<byte> writer, byte flags, ReadOnlySpan<byte> body)
    {
        if (body.Length <= byte.MaxValue)
        {
            writer.Write([flags, (byte)body.Length]);
        }
        else
        {
            Span<byte> header = stackalloc byte[1 + sizeof(long)];
            header[0] = (byte)(flags | Long);
            BinaryPrimitives.WriteInt64BigEndian(header[1..], body.Length);
            writer.Write(header);
        }

        writer.Write(body);
    }

    private static void WriteProperty(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(length, value.Length);
        writer.Write([(byte)name.Length]);
        writer.Write(name);
        writer.Write(length);
        writer.Write(value);
    }

    private async Task GreetAsync(string socketType, CancellationToken cancellationToken)
    {
        // Signature, version 3.0, mechanism NULL, not a server.
        byte[] greeting = new byte[GreetingLength];
        greeting[0] = 0xFF;
        greeting[9] = 0x7F;
        greeting[10] = 3;
        "NULL"u8.CopyTo(greeting.AsSpan(12));
        await _stream.WriteAsync(greeting, cancellationToken);
        byte[] answer = await ReadExactlyAsync(GreetingLength, cancellationToken);
        if (answer[0] != 0xFF || answer[10] < 3 || !answer.AsSpan(12, 5).SequenceEqual("NULL\0"u8))
        {
            throw new IOException("The peer does not speak ZMTP 3 without security.");
        }

        ArrayBufferWriter<byte> ready = new();
        ready.Write([(byte)5]);
        ready.Write("READY"u8);
        WriteProperty(ready, "Socket-Type"u8, System.Text.Encoding.ASCII.GetBytes(socketType));
        ArrayBufferWriter<byte> frames = new();
        WriteFrame(frames, Command, ready.WrittenSpan);
        if (socketType == "SUB")
        {
            // A subscription to every prefix.
            WriteFrame(frames, 0, [1]);
        }

        await _stream.WriteAsync(frames.WrittenMemory, cancellationToken);
        (byte flags, byte[] body) = await ReadFrameAsync(cancellationToken);
        if ((flags & Command) == 0 || !body.AsSpan().StartsWith("\u0005READY"u8))
        {
            throw new IOException("The peer did not greet back.");
        }
    }

    private async Task<(byte Flags, byte[] Body)> ReadFrameAsync(CancellationToken cancellationToken)
    {
        byte[] header = await ReadExactlyAsync(2, cancellationToken);
        byte flags = header[0];
        long length = header[1];
        if ((flags & Long) != 0)
        {
            byte[] rest = await ReadExactlyAsync(sizeof(long) - 1, cancellationToken);
            length = BinaryPrimitives.ReadInt64BigEndian([header[1], .. rest]);
        }

        return length is < 0 or > LargestFrame
            ? throw new IOException($"A frame claims to hold {length} bytes.")
            : (flags, await ReadExactlyAsync((int)length, cancellationToken));
    }

    private async Task<byte[]> ReadExactlyAsync(int count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return [];
        }

        ReadResult read = await _reader.ReadAtLeastAsync(count, cancellationToken);
        if (read.Buffer.Length < count)
        {
            throw new EndOfStreamException("The peer has closed the connection.");
        }

        ReadOnlySequence<byte> taken = read.Buffer.Slice(0, count);
        byte[] bytes = taken.ToArray();
        _reader.AdvanceTo(taken.End);
        return bytes;
    }
}

using System.Buffers;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

internal static class StreamExtensions
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Writes the rest of a stream to an open file.</summary>
    public static Task CopyToAsync(this Stream source, FileDescriptor file, CancellationToken cancellationToken) =>
        source.CopyToAsync(file, long.MaxValue, cancellationToken);

    /// <summary>Writes bytes of a stream to an open file, fewer when the stream ends.</summary>
    public static async Task CopyToAsync(this Stream source, FileDescriptor file, long length, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            int count;
            while ((count = (int)Math.Min(ChunkSize, length)) > 0
                && (count = await source.ReadAtLeastAsync(buffer.AsMemory(0, count), count, throwOnEndOfStream: false, cancellationToken)) > 0)
            {
                file.WriteAll(buffer.AsSpan(0, count));
                length -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads and discards the rest of a stream: a client that is still sending does not read an error yet.</summary>
    public static Task DrainAsync(this Stream source, CancellationToken cancellationToken) => source.CopyToAsync(Stream.Null, cancellationToken);
}

using System.Buffers;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

internal static class StreamExtensions
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Writes the rest of a stream to an open file.</summary>
    public static async Task CopyToAsync(this Stream source, FileDescriptor file, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkSize);
        try
        {
            int count;
            while ((count = await source.ReadAtLeastAsync(buffer, ChunkSize, throwOnEndOfStream: false, cancellationToken)) > 0)
            {
                file.WriteAll(buffer.AsSpan(0, count));
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

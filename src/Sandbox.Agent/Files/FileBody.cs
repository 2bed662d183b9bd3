using System.Buffers;
using Sandbox.Linux;

namespace Sandbox.Agent.Files;

/// <summary>A request's body as a file's bytes.</summary>
internal static class FileBody
{
    /// <summary>How many bytes are written at once.</summary>
    public const int Piece = 256 * 1024;

    /// <summary>Writes the body to an open file.</summary>
    /// <param name="context">The request.</param>
    /// <param name="file">The file.</param>
    public static async Task CopyToAsync(HttpContext context, FileDescriptor file)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            int count;
            while ((count = await context.Request.Body.ReadAtLeastAsync(buffer, Piece, throwOnEndOfStream: false, context.RequestAborted)) > 0)
            {
                file.WriteAll(buffer.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

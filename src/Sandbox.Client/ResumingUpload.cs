using System.Buffers;
using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A resumable upload from a seekable source. Bytes that the server has received are not sent again.</summary>
/// <param name="source">The source, read from its current position.</param>
/// <param name="backoff">The back-off between attempts.</param>
/// <param name="put">Sends the bytes of an upload from an offset on.</param>
/// <param name="ask">Requests the number of bytes received of an upload.</param>
internal sealed class ResumingUpload(
    Stream source,
    Backoff backoff,
    Func<string, long, Func<HttpContent>, CancellationToken, Task<FileWritten>> put,
    Func<string, CancellationToken, Task<HttpResponseMessage>> ask)
{
    private const int Piece = 256 * 1024;

    private readonly string _id = Identifier.Generate();
    private readonly long _begin = source.Position;
    private readonly long _length = source.Length - source.Position;

    /// <summary>Sends the whole source.</summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<FileWritten> RunAsync(CancellationToken cancellationToken)
    {
        for (long offset = 0; ;)
        {
            long from = offset;
            try
            {
                FileWritten written = await put(
                    _id, from, () => new PushStreamContent((stream, token) => CopyAsync(stream, from, token), _length - from), cancellationToken);
                return written.Size == _length ? written
                    : throw new ApiException(ErrorCodes.InternalError, $"The file was written with {written.Size} bytes instead of {_length}.");
            }
            catch (Exception e) when (Backoff.IsConnectionFailure(e))
            {
                if (!await backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }

                offset = await FindOffsetAsync(cancellationToken);
                if (offset > from)
                {
                    backoff.Restart();
                }
            }
            catch (ApiException e) when (e.Code == ErrorCodes.PreconditionFailed && from > 0)
            {
                // The sandbox was stopped and has discarded the partial upload.
                offset = 0;
            }
        }
    }

    private async Task<long> FindOffsetAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using HttpResponseMessage response = await ask(_id, cancellationToken);
                return response.Headers.TryGetValues(FileHeaders.Size, out IEnumerable<string>? values)
                    && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out long length) ? Math.Min(length, _length) : 0;
            }
            catch (ApiException e) when (e.Code is ErrorCodes.PathNotFound or ErrorCodes.RouteNotFound)
            {
                return 0;
            }
            catch (Exception e) when (Backoff.IsConnectionFailure(e))
            {
                // The server may be restarting.
                if (!await backoff.WaitAsync(cancellationToken))
                {
                    throw;
                }
            }
        }
    }

    private async Task CopyAsync(Stream stream, long offset, CancellationToken cancellationToken)
    {
        source.Position = _begin + offset;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            // Send no more than announced: the source may grow during the upload.
            for (long left = _length - offset; left > 0;)
            {
                int count = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                if (count == 0)
                {
                    throw new ApiException(ErrorCodes.InvalidRequest, "The source became shorter during the upload.");
                }

                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}

using System.IO.Compression;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A local tar archive, compressed according to its extension.</summary>
public sealed class LocalArchive
{
    /// <summary>The default extension.</summary>
    public const string UsualEnding = ".tar.gz";

    /// <summary>The error code for a file that cannot be decompressed.</summary>
    public const string UnreadableCode = "local_file_failed";

    private const int Piece = 256 * 1024;

    // A complete archive ends with two blocks of zeros; see POSIX, pax, "ustar Interchange Format".
    private const int EndLength = 1024;

    private static readonly Dictionary<string, (Func<Stream, Stream> Compress, Func<Stream, Stream> Expand)> Forms = new(StringComparer.OrdinalIgnoreCase)
    {
        [".tar"] = (file => new BufferedStream(file, Piece), file => file),
        [UsualEnding] = (Gzip, Gunzip),
        [".tgz"] = (Gzip, Gunzip),
        [".tar.br"] = (file => new BrotliStream(file, CompressionLevel.Optimal, leaveOpen: true), file => new BrotliStream(file, CompressionMode.Decompress)),
    };

    private readonly string _path;
    private readonly Func<Stream, Stream> _compress;
    private readonly Func<Stream, Stream> _expand;

    private LocalArchive(string path, (Func<Stream, Stream> Compress, Func<Stream, Stream> Expand) form) =>
        (_path, _compress, _expand) = (path, form.Compress, form.Expand);

    /// <summary>The supported extensions.</summary>
    public static IReadOnlyCollection<string> Endings => Forms.Keys;

    /// <summary>Returns the archive at a path, or null for an unsupported extension.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public static LocalArchive? Of(string path) =>
        Forms.FirstOrDefault(form => path.EndsWith(form.Key, StringComparison.OrdinalIgnoreCase)) is { Key: not null } found ? new(path, found.Value) : null;

    /// <summary>Writes the file atomically.</summary>
    /// <param name="archive">The archive as it is made.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public Task WriteAsync(Stream archive, CancellationToken cancellationToken) => LocalFile.ReplaceAsync(_path, async file =>
    {
        await using Stream compressed = _compress(file);
        await archive.CopyToAsync(compressed, Piece, cancellationToken);
    });

    /// <summary>Opens the file, to be given to <see cref="CopyAsync"/>.</summary>
    /// <param name="progress">Receives the number of bytes read.</param>
    public Stream OpenRead(TransferProgress progress)
    {
        Stream file = LocalFile.OpenRead(_path, progress);
        progress.TotalBytes = file.Length;
        return _expand(file);
    }

    /// <summary>Copies the decompressed archive. An incomplete archive is an error.</summary>
    /// <param name="archive">The opened file.</param>
    /// <param name="destination">Is given the archive.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidArchive"/>, or <see cref="UnreadableCode"/>.</exception>
    public async Task CopyAsync(Stream archive, Stream destination, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[EndLength + Piece];
        int kept = 0;
        for (int count; (count = await ReadAsync(archive, buffer.AsMemory(kept, Piece), cancellationToken)) > 0;)
        {
            await destination.WriteAsync(buffer.AsMemory(kept, count), cancellationToken);

            // Keep the last bytes read at the beginning of the buffer.
            int all = kept + count;
            kept = Math.Min(all, EndLength);
            buffer.AsSpan(all - kept, kept).CopyTo(buffer);
        }

        if (kept < EndLength || buffer.AsSpan(0, EndLength).ContainsAnyExcept((byte)0))
        {
            throw Damaged(null);
        }
    }

    private static GZipStream Gzip(Stream file) => new(file, CompressionLevel.Optimal, leaveOpen: true);

    private static GZipStream Gunzip(Stream file) => new(file, CompressionMode.Decompress);

    private async Task<int> ReadAsync(Stream archive, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await archive.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or EndOfStreamException)
        {
            // Invalid Brotli data causes an InvalidOperationException.
            throw Damaged(failure);
        }
        catch (IOException failure)
        {
            // Rethrow as another type: callers treat an IOException as a broken connection.
            throw new ApiException(UnreadableCode, $"'{_path}' could not be read to its end: {failure.Message}", failure);
        }
    }

    private ApiException Damaged(Exception? failure) =>
        new(ErrorCodes.InvalidArchive, $"'{_path}' is no complete archive of the form that its ending says. Nothing was changed.", failure);
}

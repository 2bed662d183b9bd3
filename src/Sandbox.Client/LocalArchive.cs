using System.IO.Compression;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A tar archive in a file of this machine, compressed as the file's ending says.</summary>
public sealed class LocalArchive
{
    /// <summary>The ending of archives that nobody chose one for.</summary>
    public const string UsualEnding = ".tar.gz";

    /// <summary>The code of a file that cannot be read to its end.</summary>
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

    private LocalArchive(string path, (Func<Stream, Stream> Compress, Func<Stream, Stream> Expand) form) => (_path, _compress, _expand) = (path, form.Compress, form.Expand);

    /// <summary>The endings that are known.</summary>
    public static IReadOnlyCollection<string> Endings => Forms.Keys;

    /// <summary>The archive at a path; null when its ending says no form that is known.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public static LocalArchive? Of(string path) =>
        Forms.FirstOrDefault(form => path.EndsWith(form.Key, StringComparison.OrdinalIgnoreCase)) is { Key: not null } found ? new(path, found.Value) : null;

    /// <summary>Writes the file: as a whole when all has come, or not at all.</summary>
    /// <param name="archive">The archive as it is made.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public Task WriteAsync(Stream archive, CancellationToken cancellationToken) => LocalFile.ReplaceAsync(_path, async file =>
    {
        await using Stream compressed = _compress(file);
        await archive.CopyToAsync(compressed, Piece, cancellationToken);
    });

    /// <summary>Opens the file, to be given to <see cref="CopyAsync"/>.</summary>
    /// <param name="progress">Is told how much of the file is read.</param>
    public Stream OpenRead(TransferProgress progress)
    {
        Stream file = LocalFile.OpenRead(_path, progress);
        progress.TotalBytes = file.Length;
        return _expand(file);
    }

    /// <summary>Hands on what the file holds. One that ends before the archive does is refused, so that half a backup is never taken for one.</summary>
    /// <param name="archive">The opened file.</param>
    /// <param name="destination">Is given the archive.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidArchive"/>, or <see cref="UnreadableCode"/>.</exception>
    public async Task CopyAsync(Stream archive, Stream destination, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[EndLength + Piece];
        int kept = 0;
        for (int count; (count = await ReadAsync(archive, buffer.AsMemory(kept, Piece), cancellationToken)) > 0;)
        {
            await destination.WriteAsync(buffer.AsMemory(kept, count), cancellationToken);

            // The last bytes so far stay at the buffer's beginning.
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
            // What is no Brotli is an InvalidOperationException.
            throw Damaged(failure);
        }
        catch (IOException failure)
        {
            // As what it is: an IOException here would pass for a broken connection.
            throw new ApiException(UnreadableCode, $"'{_path}' could not be read to its end: {failure.Message}", failure);
        }
    }

    private ApiException Damaged(Exception? failure) =>
        new(ErrorCodes.InvalidArchive, $"'{_path}' is no complete archive of the form that its ending says. Nothing was changed.", failure);
}

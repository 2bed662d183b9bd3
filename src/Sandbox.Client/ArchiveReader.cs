using System.Formats.Tar;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Reads the entries of an archive from a sandbox. The headers of each are limited, since names and records are collected in memory.</summary>
internal sealed class ArchiveReader : IAsyncDisposable
{
    /// <summary>The most bytes of headers of one entry.</summary>
    public const int HeaderLimit = 1024 * 1024;

    private readonly HeaderStream _headers;
    private readonly TarReader _tar;
    private TarEntry? _current;

    /// <summary>Creates a reader.</summary>
    /// <param name="archive">The archive, which is not disposed with the reader.</param>
    public ArchiveReader(Stream archive)
    {
        _headers = new(archive);
        _tar = new(_headers, leaveOpen: true);
    }

    /// <summary>Reads the next entry; null at the end. The content of the one before can no longer be read.</summary>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidArchive"/>.</exception>
    public async Task<TarEntry?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_current?.DataStream is { CanRead: true } rest)
            {
                await rest.CopyToAsync(Stream.Null, cancellationToken);
            }

            _headers.Begin();
            _current = await _tar.GetNextEntryAsync(copyData: false, cancellationToken);
            _headers.End();
            return _current;
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new ApiException(ErrorCodes.InvalidArchive, "The archive from the sandbox is incomplete.", e);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _tar.DisposeAsync();

    /// <summary>Counts what is read as headers.</summary>
    private sealed class HeaderStream(Stream inner) : ReadOnlyStream
    {
        private long? _left;

        public void Begin() => _left = HeaderLimit;

        public void End() => _left = null;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int count = await inner.ReadAsync(buffer, cancellationToken);
            _left -= count;
            return _left is < 0
                ? throw new ApiException(ErrorCodes.InvalidArchive,
                    $"The archive from the sandbox contains an entry with more than {HeaderLimit / 1024 / 1024} MB of names and records.")
                : count;
        }
    }
}

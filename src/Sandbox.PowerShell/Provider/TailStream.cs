using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Reads a file and waits for appended content, like <c>tail -f</c>. Starts again when the file was truncated.</summary>
internal sealed class TailStream(RemotePath remote) : ReadOnlyStream
{
    private readonly CancellationTokenSource _watching = new();
    private SandboxFileStream? _file;
    private IAsyncEnumerator<FileChange?>? _changes;
    private long _offset;

    /// <inheritdoc />
    public override long Position
    {
        get => _offset;
        set => throw new NotSupportedException();
    }

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            _file ??= await remote.OpenAsync(_offset, cancellationToken);
            int count = await _file.ReadAsync(buffer, cancellationToken);
            _offset += count;
            if (count > 0 || buffer.Length == 0)
            {
                return count;
            }

            await _file.DisposeAsync();
            _file = null;
            await WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc />
    public override async ValueTask DisposeAsync()
    {
        await _watching.CancelAsync();
        if (_changes is not null)
        {
            await _changes.DisposeAsync();
        }

        if (_file is not null)
        {
            await _file.DisposeAsync();
        }

        _watching.Dispose();
        await base.DisposeAsync();
    }

    // Watch before reading the file, so that no change is missed.
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (_changes is null)
        {
            _changes = remote.WatchAsync(recursive: false, filter: null, excludes: [], _watching.Token).GetAsyncEnumerator(_watching.Token);
            await NextAsync(cancellationToken);
        }

        while (true)
        {
            long size = (await remote.GetAsync(follow: true, cancellationToken)).Size;
            if (size < _offset)
            {
                _offset = 0;
            }

            if (size > _offset)
            {
                return;
            }

            await NextAsync(cancellationToken);
        }
    }

    private async Task NextAsync(CancellationToken cancellationToken)
    {
        await using (cancellationToken.Register(_watching.Cancel))
        {
            if (!await _changes!.MoveNextAsync())
            {
                throw new ApiException(ErrorCodes.PathNotFound, $"'{remote.Display}' no longer exists.");
            }
        }
    }
}

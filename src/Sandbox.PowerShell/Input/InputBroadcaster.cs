using System.Diagnostics.CodeAnalysis;

namespace Sandbox;

/// <summary>The same input for several commands. The slowest that could read sets the pace.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "A token source without a timer holds nothing to dispose of.")]
internal sealed class InputBroadcaster
{
    /// <summary>The number of bytes that are sent at once.</summary>
    public const int Piece = 64 * 1024;

    private readonly List<InputBuffer> _buffers = [];
    private readonly CancellationTokenSource _unread = new();
    private volatile int _readers;

    /// <summary>Adds a command that reads the input.</summary>
    public InputBuffer Open()
    {
        InputBuffer buffer = new(OnClosed);
        _buffers.Add(buffer);
        _readers++;
        return buffer;
    }

    public void Finish() => _buffers.ForEach(buffer => buffer.Finish());

    /// <summary>Sends bytes.</summary>
    /// <returns>Ends when there is room for more.</returns>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        do
        {
            ReadOnlyMemory<byte> piece = bytes[..Math.Min(Piece, bytes.Length)];
            bytes = bytes[piece.Length..];
            foreach (InputBuffer buffer in _buffers)
            {
                await buffer.Write(piece.Span);
            }
        }
        while (bytes.Length > 0);
    }

    /// <summary>Sends the content of a stream, until all commands have exited.</summary>
    public async Task CopyAsync(Stream stream, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _unread.Token);
        byte[] buffer = new byte[Piece];
        try
        {
            while (_readers > 0)
            {
                // Some streams ignore the token; do not wait for them.
                int count = await stream.ReadAsync(buffer, either.Token).AsTask().WaitAsync(either.Token);
                if (count == 0)
                {
                    return;
                }

                await SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (OperationCanceledException) when (_unread.IsCancellationRequested)
        {
            // All commands have exited: discard the rest.
        }
    }

    private void OnClosed()
    {
        if (Interlocked.Decrement(ref _readers) == 0)
        {
            _unread.Cancel();
        }
    }
}

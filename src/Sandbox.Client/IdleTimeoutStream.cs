using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A stream whose reads time out after a period without data. Writes do not time out.</summary>
/// <param name="inner">The stream, which is disposed with this one.</param>
/// <param name="limit">The idle timeout.</param>
/// <param name="clock">The clock; null for the system's.</param>
internal sealed class IdleTimeoutStream(Stream inner, TimeSpan limit, TimeProvider? clock = null) : SequentialStream
{
    private CancellationTokenSource _silence = New(clock);

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanWrite => inner.CanWrite;

    /// <inheritdoc />
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Reused for every read: the stream of a busy command is read thousands of times.
        if (!_silence.TryReset())
        {
            _silence.Dispose();
            _silence = New(clock);
        }

        _silence.CancelAfter(limit);
        await using CancellationTokenRegistration stop = cancellationToken.UnsafeRegister(
            static source => ((CancellationTokenSource)source!).Cancel(), _silence);
        try
        {
            return await inner.ReadAsync(buffer, _silence.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing was received for {limit.TotalSeconds:0} s.");
        }
    }

    /// <inheritdoc />
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    private static CancellationTokenSource New(TimeProvider? clock) => new(Timeout.InfiniteTimeSpan, clock ?? TimeProvider.System);

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        _silence.Dispose();
        inner.Dispose();
        base.Dispose(disposing);
    }
}

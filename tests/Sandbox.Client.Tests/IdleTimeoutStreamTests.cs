using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Client.Tests;

public sealed class IdleTimeoutStreamTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly FakeTimeProvider _clock = new();
    private readonly Pipe _pipe = new();
    private readonly byte[] _buffer = new byte[16];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silence_beyond_the_timeout_fails()
    {
        await using IdleTimeoutStream stream = new(_pipe.Reader.AsStream(), Limit, _clock);
        Task<int> reading = stream.ReadAsync(_buffer, Token).AsTask();
        _clock.Advance(Limit);
        await Assert.ThrowsAsync<TimeoutException>(() => reading);
    }

    [Fact]
    public async Task Heartbeats_within_the_timeout_keep_a_stream_open()
    {
        await using IdleTimeoutStream stream = new(_pipe.Reader.AsStream(), Limit, _clock);
        for (int i = 0; i < 10; i++)
        {
            Task<int> reading = stream.ReadAsync(_buffer, Token).AsTask();
            _clock.Advance(Limit - TimeSpan.FromSeconds(1));
            await _pipe.Writer.WriteAsync(": beat\n\n"u8.ToArray(), Token);
            Assert.Equal(8, await reading);
        }
    }

    [Fact]
    public async Task Time_between_two_reads_does_not_count()
    {
        await using IdleTimeoutStream stream = new(_pipe.Reader.AsStream(), Limit, _clock);
        await _pipe.Writer.WriteAsync(new byte[32], Token);
        Assert.Equal(16, await stream.ReadAsync(_buffer, Token));
        _clock.Advance(10 * Limit);
        Assert.Equal(16, await stream.ReadAsync(_buffer, Token));
    }

    [Fact]
    public async Task Cancellation_is_not_a_timeout()
    {
        await using IdleTimeoutStream stream = new(_pipe.Reader.AsStream(), Limit, _clock);
        using CancellationTokenSource stop = new();
        Task<int> reading = stream.ReadAsync(_buffer, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }
}

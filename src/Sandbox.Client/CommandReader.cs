using System.Runtime.CompilerServices;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A running command, followed. Letting go of it does not end the command.</summary>
public sealed class CommandReader : IDisposable
{
    private static readonly TimeSpan FinishLimit = TimeSpan.FromMilliseconds(200);

    private readonly string _server;
    private readonly HttpResponseMessage _response;
    private readonly TimeSpan _idleLimit;

    internal CommandReader(string server, HttpResponseMessage response, TimeSpan idleLimit) =>
        (_server, _response, _idleLimit) = (server, response, idleLimit);

    /// <summary>What the command does, as it does it; the last event is always its <see cref="CommandExit"/>. Reads only as fast as it is asked.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="ApiException">The command could not be run or followed.</exception>
    /// <exception cref="ConnectionLostException">The stream ended without the command's end.</exception>
    public async IAsyncEnumerable<CommandEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream body = await ReadGuardedAsync(() => _response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);
        await using IdleLimitedStream limited = new(body, _idleLimit);
        await using IAsyncEnumerator<CommandEvent?> events = ReadEvents(limited, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await ReadGuardedAsync(() => events.MoveNextAsync().AsTask(), cancellationToken))
        {
            // An event of a kind this release does not know.
            if (events.Current is not { } current)
            {
                continue;
            }

            yield return current;
            if (current is CommandExit)
            {
                await FinishAsync(limited, cancellationToken);
                yield break;
            }
        }

        throw new ConnectionLostException(_server);
    }

    /// <inheritdoc />
    public void Dispose() => _response.Dispose();

    // A connection can be used again when its answer was read to the end, which is right behind the last event.
    private static async Task FinishAsync(Stream body, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(FinishLimit);
        try
        {
            await body.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, limit.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException or TimeoutException)
        {
            // The command's end is known; a connection is cheap.
        }
    }

    private IAsyncEnumerable<CommandEvent?> ReadEvents(Stream body, CancellationToken cancellationToken) =>
        _response.Content.Headers.ContentType?.MediaType == CommandFrame.MediaType
            ? FrameFormat.ReadAsync(body, cancellationToken)
            : EventStreamFormat.ReadAsync(body, cancellationToken);

    private async Task<T> ReadGuardedAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or FormatException or System.Text.Json.JsonException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException(_server, e);
        }
    }
}

using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Streams run events; disposing before the end interrupts the code.</summary>
public sealed class CodeReader : IDisposable
{
    private readonly string _server;
    private readonly HttpResponseMessage _response;
    private readonly TimeSpan _idleLimit;

    internal CodeReader(string server, HttpResponseMessage response, TimeSpan idleLimit) =>
        (_server, _response, _idleLimit) = (server, response, idleLimit);

    /// <summary>Streams the events of the run; the last one is always <see cref="CodeEnded"/>. Reads only on demand.</summary>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <exception cref="ApiException">The code cannot be run or streamed.</exception>
    /// <exception cref="ConnectionLostException">The stream ended before the run did.</exception>
    public async IAsyncEnumerable<CodeEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream body = await GuardAsync(() => _response.Content.ReadAsStreamAsync(cancellationToken), cancellationToken);
        await using BoundedStream limited = BoundedStream.OfEvents(new IdleTimeoutStream(body, _idleLimit));
        await using IAsyncEnumerator<SseItem<CodeEvent?>> events =
            SseParser.Create(limited, Parse).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await GuardAsync(() => events.MoveNextAsync().AsTask(), cancellationToken))
        {
            // Skip event types unknown to this version.
            if (events.Current.Data is { } current)
            {
                yield return current;
                if (current is CodeEnded)
                {
                    yield break;
                }
            }
        }

        throw new ConnectionLostException(_server);
    }

    /// <inheritdoc />
    public void Dispose() => _response.Dispose();

    private static CodeEvent? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        CodeEvents.StandardOutput => new CodeOutput(OutputChannel.Output, EventPayload.Bytes(data)),
        CodeEvents.StandardError => new CodeOutput(OutputChannel.Error, EventPayload.Bytes(data)),
        CodeEvents.Result => new CodeResultEvent(Read(data, ProtocolJson.Default.CodeResult)),
        CodeEvents.Exit => new CodeEnded(Read(data, ProtocolJson.Default.CodeExit)),
        CodeEvents.Error => throw EventPayload.Failure(data),
        _ => null,
    };

    private static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new FormatException("An event is empty.");

    private async Task<T> GuardAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or FormatException or JsonException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new ConnectionLostException(_server, e);
        }
    }
}

using System.Net.ServerSentEvents;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Repositories.</content>
public sealed partial class SandboxClient
{
    /// <summary>Checks a repository out in a sandbox, by the git that is in it.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session, whose directory and environment count; null for the sandbox's default.</param>
    /// <param name="request">Which, and where to.</param>
    /// <param name="onProgress">Is told how far it got.</param>
    /// <param name="cancellationToken">Stops it; nothing is there then.</param>
    public async Task<CheckoutResult> CheckOutAsync(
        string sandbox, string? session, CheckoutRequest request, Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _transport.OpenAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/git/checkout", session, request, ProtocolJson.Default.CheckoutRequest), _trace, cancellationToken);
        await using ResponseStream body = new(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _transport.Limits.Idle);
        await foreach (SseItem<byte[]> item in SseParser.Create(body, (_, data) => data.ToArray()).EnumerateAsync(cancellationToken))
        {
            switch (item.EventType)
            {
                case CheckoutEvents.Progress:
                    onProgress(Read(item.Data, ProtocolJson.Default.CheckoutProgress));
                    break;
                case CheckoutEvents.Done:
                    return Read(item.Data, ProtocolJson.Default.CheckoutResult);
                case CheckoutEvents.Error:
                    ErrorBody error = Read(item.Data, ProtocolJson.Default.ErrorBody);
                    throw new ApiException(error.Code, error.Error) { RequestId = error.RequestId };
            }
        }

        throw new ConnectionLostException(Server);
    }

    private T Read<T>(byte[] data, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(data, type) ?? throw new JsonException("The event is empty.");
        }
        catch (JsonException e)
        {
            throw new ApiException(ErrorCodes.InternalError, $"The server at '{Server}' gave an event that cannot be read. Is it a Sandbox server of this version?", e);
        }
    }
}

using System.Net.ServerSentEvents;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Repositories.</content>
public sealed partial class SandboxClient
{
    /// <summary>Checks out a repository in a sandbox with the git of the sandbox.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session, whose directory and environment count; null for the sandbox's default.</param>
    /// <param name="request">The repository and the destination.</param>
    /// <param name="onProgress">Receives the progress.</param>
    /// <param name="cancellationToken">Cancels the operation; nothing is created then.</param>
    public async Task<CheckoutResult> CheckOutAsync(
        string sandbox, string? session, CheckoutRequest request, Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await _transport.OpenAsync(
            () => WithBody(new(Routes.CheckOut, sandbox), session, request, ProtocolJson.Default.CheckoutRequest), _trace, cancellationToken);
        await using BoundedStream body = BoundedStream.OfEvents(
            new ResponseStream(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), _transport.Limits.Idle));
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
                    throw Read(item.Data, ProtocolJson.Default.ErrorBody).ToException(isFromSandbox: true);
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
            throw new ApiException(
                ErrorCodes.InternalError, $"The server at '{Server}' gave an event that cannot be read. Is it a Sandbox server of this version?", e);
        }
    }
}

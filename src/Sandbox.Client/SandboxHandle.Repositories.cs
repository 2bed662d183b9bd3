using System.Net.ServerSentEvents;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Repositories.</content>
public sealed partial record SandboxHandle
{
    /// <summary>Checks out a repository with the git of the sandbox.</summary>
    /// <param name="request">The repository and the destination.</param>
    /// <param name="onProgress">Receives the progress.</param>
    /// <param name="cancellationToken">Cancels the operation; nothing is created then.</param>
    public async Task<CheckoutResult> CheckOutAsync(CheckoutRequest request, Action<CheckoutProgress> onProgress, CancellationToken cancellationToken)
    {
        await using BoundedStream body = BoundedStream.OfEvents(await Client.OpenStreamAsync(
            () => AtSession(Routes.CheckOut).ToMessage(request, ProtocolJson.Default.CheckoutRequest), cancellationToken));
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
                ErrorCodes.InternalError, $"The server at '{Server}' sent an invalid event. Is it a Sandbox server of this version?", e);
        }
    }
}

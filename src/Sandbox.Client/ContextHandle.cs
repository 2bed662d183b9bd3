using System.Net.Http.Headers;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>A code context, by id; it may not exist.</summary>
/// <param name="Sandbox">Its sandbox.</param>
/// <param name="Id">Its id.</param>
public sealed record ContextHandle(SandboxHandle Sandbox, string Id)
{
    private static readonly MediaTypeWithQualityHeaderValue EventStream = new(EventStreamFormat.MediaType);

    /// <summary>Removes the context and interrupts its code.</summary>
    public Task RemoveAsync(CancellationToken cancellationToken) =>
        Sandbox.Client.SendAsync(Sandbox.At(Routes.DeleteContext, Id).ToMessage, cancellationToken);

    /// <summary>Runs code and streams its events.</summary>
    /// <param name="request">What to run.</param>
    public async Task<CodeReader> RunAsync(CodeRunRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await Sandbox.Client.OpenAsync(
            () =>
            {
                HttpRequestMessage message = Sandbox.At(Routes.RunCode, Id).ToMessage(request, ProtocolJson.Default.CodeRunRequest);
                message.Headers.Accept.Add(EventStream);
                return message;
            },
            cancellationToken);
        return new(Sandbox.Client.Server, response, Sandbox.Client.Limits.Idle);
    }

    /// <summary>Returns <c>sandbox/context</c>.</summary>
    public override string ToString() => $"{Sandbox.Id}/{Id}";
}

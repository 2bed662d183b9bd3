using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Code contexts, and code that runs in them.</content>
public sealed partial class SandboxClient
{
    /// <summary>Creates a code context, or returns the default one.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="session">The session whose directory and variables it starts with; null for the default of the sandbox.</param>
    /// <param name="request">The properties.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<ContextInfo> CreateContextAsync(string sandbox, string? session, ContextCreateRequest request, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/context", session, request, ProtocolJson.Default.ContextCreateRequest),
            ProtocolJson.Default.ContextInfo, _trace, cancellationToken);

    /// <summary>Lists the code contexts of a sandbox, oldest first. A stopped sandbox is not started but is <see cref="ErrorCodes.SandboxStopped"/>.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<IReadOnlyList<ContextInfo>> GetContextsAsync(string sandbox, CancellationToken cancellationToken) =>
        (await _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, $"{Path(sandbox)}/context", null), wake: false),
            ProtocolJson.Default.ContextList, _trace, cancellationToken)).Contexts;

    /// <summary>Removes a code context and interrupts its code.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="context">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveContextAsync(string sandbox, string context, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(HttpMethod.Delete, ContextPath(sandbox, context), null), cancellationToken);

    /// <summary>Runs code and streams its events.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="context">In which context.</param>
    /// <param name="request">What to run.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<CodeReader> RunCodeAsync(string sandbox, string context, CodeRunRequest request, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await _transport.OpenAsync(
            () =>
            {
                HttpRequestMessage message = WithBody(
                    HttpMethod.Post, $"{ContextPath(sandbox, context)}/run", null, request, ProtocolJson.Default.CodeRunRequest);
                message.Headers.Accept.Add(EventStream);
                return message;
            },
            _trace, cancellationToken);
        return new(Server, response, _transport.Limits.Idle);
    }

    private static string ContextPath(string sandbox, string context) => $"{Path(sandbox)}/context/{Identifier.Require(context, "context")}";
}

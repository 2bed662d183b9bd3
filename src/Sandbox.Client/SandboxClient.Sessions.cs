using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Sessions, and the variables of sessions and sandboxes.</content>
public sealed partial class SandboxClient
{
    /// <summary>Creates a session.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="request">The properties.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SessionInfo> CreateSessionAsync(string sandbox, SessionCreateRequest request, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/session", null, request, ProtocolJson.Default.SessionCreateRequest),
            ProtocolJson.Default.SessionInfo, _trace, cancellationToken);

    /// <summary>Lists the sessions of a sandbox, oldest first.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<IReadOnlyList<SessionInfo>> GetSessionsAsync(string sandbox, bool wake, CancellationToken cancellationToken) =>
        (await _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, $"{Path(sandbox)}/session", null), wake),
            ProtocolJson.Default.SessionList, _trace, cancellationToken)).Sessions;

    /// <summary>Returns a session.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="session">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SessionInfo> GetSessionAsync(string sandbox, string session, CancellationToken cancellationToken) =>
        GetAsync(Path(sandbox, session), null, ProtocolJson.Default.SessionInfo, cancellationToken);

    /// <summary>Removes a session and stops what runs in it.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="session">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SessionDeleted> RemoveSessionAsync(string sandbox, string session, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => Bare(HttpMethod.Delete, Path(sandbox, session), null), ProtocolJson.Default.SessionDeleted, _trace, cancellationToken);

    /// <summary>Returns the environment variables of a sandbox or session.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's own.</param>
    /// <param name="reveal">Whether secret values are included.</param>
    /// <param name="wake">Whether a stopped sandbox is started; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<EnvironmentState> GetEnvironmentAsync(string sandbox, string? session, bool reveal, bool wake, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, $"{Path(sandbox)}/env{(reveal ? "?reveal=true" : "")}", session), wake),
            ProtocolJson.Default.EnvironmentState, _trace, cancellationToken);

    /// <summary>Changes environment variables of a sandbox or session.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's own.</param>
    /// <param name="patch">The changes.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task SetEnvironmentAsync(string sandbox, string? session, EnvironmentPatch patch, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () => WithBody(HttpMethod.Patch, $"{Path(sandbox)}/env", session, patch, ProtocolJson.Default.EnvironmentPatch), cancellationToken);
}

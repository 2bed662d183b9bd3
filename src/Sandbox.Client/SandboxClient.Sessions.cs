using Sandbox.Protocol;

namespace Sandbox.Client;

/// <content>Sessions, and the variables of sessions and sandboxes.</content>
public sealed partial class SandboxClient
{
    /// <summary>Makes a session.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="request">What it is to be.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<SessionInfo> CreateSessionAsync(string sandbox, SessionCreateRequest request, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithBody(HttpMethod.Post, $"{Path(sandbox)}/session", null, request, ProtocolJson.Default.SessionCreateRequest),
            ProtocolJson.Default.SessionInfo, _trace, cancellationToken);

    /// <summary>All sessions of a sandbox, oldest first.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="wake">Whether a stopped sandbox is started to answer; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<SessionInfo>> GetSessionsAsync(string sandbox, bool wake, CancellationToken cancellationToken) =>
        (await _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, $"{Path(sandbox)}/session", null), wake), ProtocolJson.Default.SessionList, _trace, cancellationToken)).Sessions;

    /// <summary>One session.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="session">Its id.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<SessionInfo> GetSessionAsync(string sandbox, string session, CancellationToken cancellationToken) =>
        GetAsync(Path(sandbox, session), null, ProtocolJson.Default.SessionInfo, cancellationToken);

    /// <summary>Removes a session and ends what runs in it.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="session">Its id.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<SessionDeleted> RemoveSessionAsync(string sandbox, string session, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => Bare(HttpMethod.Delete, Path(sandbox, session), null), ProtocolJson.Default.SessionDeleted, _trace, cancellationToken);

    /// <summary>The variables of a sandbox, or of a session.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's own.</param>
    /// <param name="reveal">Whether secret values are told.</param>
    /// <param name="wake">Whether a stopped sandbox is started to answer; otherwise it is <see cref="ErrorCodes.SandboxStopped"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<EnvironmentState> GetEnvironmentAsync(string sandbox, string? session, bool reveal, bool wake, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithWake(Bare(HttpMethod.Get, $"{Path(sandbox)}/env{(reveal ? "?reveal=true" : "")}", session), wake),
            ProtocolJson.Default.EnvironmentState, _trace, cancellationToken);

    /// <summary>Changes variables of a sandbox, or of a session.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">The session; null for the sandbox's own.</param>
    /// <param name="patch">What changes.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task SetEnvironmentAsync(string sandbox, string? session, EnvironmentPatch patch, CancellationToken cancellationToken) =>
        SendOnlyAsync(
            () => WithBody(HttpMethod.Patch, $"{Path(sandbox)}/env", session, patch, ProtocolJson.Default.EnvironmentPatch), cancellationToken);
}

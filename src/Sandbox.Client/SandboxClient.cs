using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Client of a server. It and its handles have one typed method for each route of the API. Failures are <see cref="ApiException"/>,
/// <see cref="ServerUnreachableException"/>, <see cref="ConnectionLostException"/> or, for a time limit, <see cref="TimeoutException"/>.</summary>
public sealed class SandboxClient
{
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(20);

    private readonly ServerTransport _transport;
    private readonly Action<RequestTrace>? _trace;

    /// <summary>Creates a client of a server.</summary>
    /// <param name="endpoint">Where the server listens.</param>
    /// <param name="apiKey">The API key; null for none.</param>
    /// <param name="limits">The timeouts; null for the defaults.</param>
    /// <param name="restart">Restarts an unreachable server; null for a server that this client must not start.</param>
    public SandboxClient(ServerEndpoint endpoint, string? apiKey = null, ClientTimeouts? limits = null, Func<CancellationToken, Task>? restart = null)
        : this(new ServerTransport(endpoint, apiKey, limits ?? ClientTimeouts.Default, restart), null)
    {
    }

    private SandboxClient(ServerTransport transport, Action<RequestTrace>? trace) => (_transport, _trace) = (transport, trace);

    /// <summary>The server's address.</summary>
    public string Server => _transport.Server;

    /// <summary>Returns a client that shares the connections and traces each request.</summary>
    /// <param name="trace">Called on any thread.</param>
    public SandboxClient WithTrace(Action<RequestTrace> trace) => new(_transport, trace);

    /// <summary>Closes the connections, which clients made by <see cref="WithTrace"/> share, and cancels requests.</summary>
    internal void Close() => _transport.Dispose();

    /// <summary>Returns a handle of a sandbox, which may not exist.</summary>
    /// <param name="id">Its id.</param>
    public SandboxHandle Sandbox(string id) => new(this, id, null);

    /// <summary>Returns the server and its capabilities.</summary>
    public Task<ServerInfo> GetServerAsync(CancellationToken cancellationToken) =>
        ReadAsync(new RequestAddress(Routes.GetServer), ProtocolJson.Default.ServerInfo, cancellationToken);

    /// <summary>Ends the processes of all sandboxes, then the server; files stay. Only a server of this machine can be stopped.</summary>
    public async Task StopServerAsync(CancellationToken cancellationToken)
    {
        await SendAsync(new RequestAddress(Routes.StopServer).ToMessage, cancellationToken);
        await WaitUntilGoneAsync(cancellationToken);
    }

    /// <summary>Creates a sandbox.</summary>
    /// <param name="request">The properties.</param>
    public Task<SandboxInfo> CreateSandboxAsync(SandboxCreateRequest request, CancellationToken cancellationToken) =>
        ReadAsync(
            () => new RequestAddress(Routes.CreateSandbox).ToMessage(request, ProtocolJson.Default.SandboxCreateRequest),
            ProtocolJson.Default.SandboxInfo, cancellationToken);

    /// <summary>Lists all sandboxes, oldest first.</summary>
    public async Task<IReadOnlyList<SandboxInfo>> GetSandboxesAsync(CancellationToken cancellationToken) =>
        (await ReadAsync(new RequestAddress(Routes.ListSandboxes), ProtocolJson.Default.SandboxList, cancellationToken)).Sandboxes;

    /// <summary>The timeouts.</summary>
    internal ClientTimeouts Limits => _transport.Limits;

    /// <inheritdoc cref="ServerTransport.ReadAsync" />
    internal Task<T> ReadAsync<T>(Func<HttpRequestMessage> request, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _transport.ReadAsync(request, answer, _trace, cancellationToken);

    /// <inheritdoc cref="ServerTransport.ReadAsync" />
    internal Task<T> ReadAsync<T>(RequestAddress address, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        ReadAsync(address.ToMessage, answer, cancellationToken);

    /// <inheritdoc cref="ServerTransport.SendOnlyAsync" />
    internal Task SendAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) =>
        _transport.SendOnlyAsync(request, _trace, cancellationToken);

    /// <inheritdoc cref="ServerTransport.UploadAsync" />
    internal Task UploadAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) =>
        _transport.UploadAsync(request, _trace, cancellationToken);

    /// <inheritdoc cref="ServerTransport.UploadAsync" />
    internal Task<T> UploadAsync<T>(Func<HttpRequestMessage> request, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _transport.UploadAsync(request, answer, _trace, cancellationToken);

    /// <inheritdoc cref="ServerTransport.OpenAsync" />
    internal Task<HttpResponseMessage> OpenAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) =>
        _transport.OpenAsync(request, _trace, cancellationToken);

    /// <summary>Opens the body of a response.</summary>
    internal async Task<ResponseStream> OpenStreamAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) =>
        await ReadBodyAsync(await OpenAsync(request, cancellationToken), cancellationToken);

    /// <summary>Opens the body of a response, which is disposed with it.</summary>
    internal async Task<ResponseStream> ReadBodyAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        new(Server, response, await response.Content.ReadAsStreamAsync(cancellationToken), Limits.Idle);

    /// <inheritdoc cref="ServerTransport.UpgradeAsync" />
    internal Task<WebSocket> UpgradeAsync(RequestAddress address, CancellationToken cancellationToken) =>
        _transport.UpgradeAsync(address.ToMessage, _trace, cancellationToken);

    // Wait for its end, so that the next caller does not find a server that is exiting.
    private async Task WaitUntilGoneAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < LeaveLimit;)
            {
                await Task.Delay(LookPause, cancellationToken);
                await ReadAsync(new RequestAddress(Routes.GetHealth), ProtocolJson.Default.HealthAnswer, cancellationToken);
            }
        }
        catch (Exception e) when (e is ServerUnreachableException or ConnectionLostException)
        {
            // The server is gone, as expected.
        }
    }
}

using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>One typed method for each route of the API. Failures are <see cref="ApiException"/>, <see cref="ServerUnreachableException"/>,
/// <see cref="ConnectionLostException"/> or, for a time limit, <see cref="TimeoutException"/>.</summary>
public sealed partial class SandboxClient
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

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

    /// <summary>Returns the server and its capabilities.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<ServerInfo> GetServerAsync(CancellationToken cancellationToken) =>
        GetAsync(new(Routes.GetServer), null, ProtocolJson.Default.ServerInfo, cancellationToken);

    /// <summary>Ends the processes of all sandboxes, then the server; files stay. Only a server of this machine can be stopped.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task StopServerAsync(CancellationToken cancellationToken)
    {
        await SendOnlyAsync(() => Bare(new(Routes.StopServer), null), cancellationToken);
        await WaitUntilGoneAsync(cancellationToken);
    }

    /// <summary>Creates a sandbox.</summary>
    /// <param name="request">The properties.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SandboxInfo> CreateSandboxAsync(SandboxCreateRequest request, CancellationToken cancellationToken) =>
        _transport.ReadAsync(
            () => WithBody(new(Routes.CreateSandbox), null, request, ProtocolJson.Default.SandboxCreateRequest),
            ProtocolJson.Default.SandboxInfo, _trace, cancellationToken);

    /// <summary>Lists all sandboxes, oldest first.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<IReadOnlyList<SandboxInfo>> GetSandboxesAsync(CancellationToken cancellationToken) =>
        (await GetAsync(new(Routes.ListSandboxes), null, ProtocolJson.Default.SandboxList, cancellationToken)).Sandboxes;

    /// <summary>Returns a sandbox.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<SandboxInfo> GetSandboxAsync(string sandbox, CancellationToken cancellationToken) =>
        GetAsync(new(Routes.GetSandbox, sandbox), null, ProtocolJson.Default.SandboxInfo, cancellationToken);

    /// <summary>Returns whether a sandbox is running.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<bool> IsRunningAsync(string sandbox, CancellationToken cancellationToken) =>
        (await GetAsync(new(Routes.GetRunning, sandbox), null, ProtocolJson.Default.RunningAnswer, cancellationToken)).Running;

    /// <summary>Stops the processes of a sandbox and keeps its files; the next request starts it again.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task StopSandboxAsync(string sandbox, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(new(Routes.StopSandbox, sandbox), null), cancellationToken);

    /// <summary>Removes a sandbox and its content.</summary>
    /// <param name="sandbox">Its id.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task RemoveSandboxAsync(string sandbox, CancellationToken cancellationToken) =>
        SendOnlyAsync(() => Bare(new(Routes.DeleteSandbox, sandbox), null), cancellationToken);

    private static HttpRequestMessage Bare(RequestAddress address, string? session)
    {
        HttpRequestMessage message = new(address.Method, address.ToString());
        if (session is not null)
        {
            message.Headers.Add(ApiHeaders.SessionId, Identifier.Require(session, "session"));
        }

        return message;
    }

    // Wait for its end, so that the next caller does not find a server that is exiting.
    private async Task WaitUntilGoneAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < LeaveLimit;)
            {
                await Task.Delay(LookPause, cancellationToken);
                await GetAsync(new(Routes.GetHealth), null, ProtocolJson.Default.HealthAnswer, cancellationToken);
            }
        }
        catch (Exception e) when (e is ServerUnreachableException or ConnectionLostException)
        {
            // The server is gone, as expected.
        }
    }

    private static HttpRequestMessage WithWake(HttpRequestMessage message, bool wake)
    {
        if (!wake)
        {
            message.Headers.Add(ApiHeaders.Wake, "false");
        }

        return message;
    }

    private static HttpRequestMessage WithBody<T>(RequestAddress address, string? session, T body, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(body, type);
        HttpRequestMessage message = WithContent(address, new ByteArrayContent(json) { Headers = { ContentType = Json } }, session);

        // What is too large is refused before it is sent: then the answer is not lost with the connection.
        message.Headers.ExpectContinue = json.Length > LargeBody;
        return message;
    }

    private static HttpRequestMessage WithContent(RequestAddress address, HttpContent content, string? session = null)
    {
        HttpRequestMessage message = Bare(address, session);
        message.Content = content;
        return message;
    }

    private Task<T> GetAsync<T>(RequestAddress address, string? session, JsonTypeInfo<T> answer, CancellationToken cancellationToken) =>
        _transport.ReadAsync(() => Bare(address, session), answer, _trace, cancellationToken);

    private Task SendOnlyAsync(Func<HttpRequestMessage> request, CancellationToken cancellationToken) =>
        _transport.SendOnlyAsync(request, _trace, cancellationToken);
}

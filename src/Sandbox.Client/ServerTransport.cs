using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Sends requests to one server and converts error responses to exceptions.</summary>
internal sealed class ServerTransport : IDisposable
{
    // Proxies may close connections that are idle for longer.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;
    private readonly ServerEndpoint _endpoint;
    private readonly Func<CancellationToken, Task>? _restart;

    /// <summary>Creates the transport; no connection is made yet.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="apiKey">The API key; null for none.</param>
    /// <param name="limits">The timeouts.</param>
    /// <param name="restart">Restarts an unreachable server; null for a server that this client must not start.</param>
    public ServerTransport(ServerEndpoint endpoint, string? apiKey, ClientTimeouts limits, Func<CancellationToken, Task>? restart)
    {
        (_endpoint, _restart, Limits) = (endpoint, restart, limits);
        SocketsHttpHandler handler = new()
        {
            ConnectTimeout = limits.Connect,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !endpoint.IsLocal,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = endpoint.IsLocal ? Timeout.InfiniteTimeSpan : TimeSpan.FromMinutes(5),
        };
        if (endpoint.SocketPath is { } path)
        {
            handler.ConnectCallback = (_, cancellationToken) => SocketPeer.ConnectAsync(path, endpoint.Owner, cancellationToken);
        }

        _http = new(handler) { BaseAddress = endpoint.BaseAddress, Timeout = Timeout.InfiniteTimeSpan };
        if (apiKey is not null)
        {
            // The framework would quote a malformed key in its message.
            _http.DefaultRequestHeaders.Authorization = apiKey.Length > 0 && apiKey.All(c => c is > ' ' and <= '~')
                ? new AuthenticationHeaderValue("Bearer", apiKey)
                : throw new ApiException(ErrorCodes.Unauthorized, "The API key contains invalid characters.");
        }
    }

    /// <summary>The server's address.</summary>
    public string Server => _endpoint.Text;

    /// <summary>The timeouts.</summary>
    public ClientTimeouts Limits { get; }

    /// <summary>Sends a request and reads its response.</summary>
    /// <param name="request">Creates the request; called again for a retry.</param>
    /// <param name="answer">The type of the response.</param>
    /// <param name="trace">Receives a record of each attempt.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<T> ReadAsync<T>(
        Func<HttpRequestMessage> request, JsonTypeInfo<T> answer, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limits.Request);
        return await GuardAsync(async () =>
        {
            using HttpResponseMessage response = await SendAsync(request, trace, limited.Token);
            return await ReadBodyAsync(response, answer, limited.Token);
        }, limited, cancellationToken);
    }

    /// <summary>Sends a request and ignores the response body.</summary>
    /// <inheritdoc cref="ReadAsync" />
    public async Task SendOnlyAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limits.Request);
        await GuardAsync(async () =>
        {
            (await SendAsync(request, trace, limited.Token)).Dispose();
            return true;
        }, limited, cancellationToken);
    }

    /// <summary>Sends a request without a timeout for its body and ignores the response body.</summary>
    /// <inheritdoc cref="ReadAsync" />
    public async Task UploadAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        using CancellationTokenSource unlimited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await GuardAsync(async () =>
        {
            (await SendAsync(request, trace, unlimited.Token)).Dispose();
            return true;
        }, unlimited, cancellationToken);
    }

    /// <summary>Sends a request without a timeout for its body and reads its response.</summary>
    /// <inheritdoc cref="ReadAsync" />
    public async Task<T> UploadAsync<T>(
        Func<HttpRequestMessage> request, JsonTypeInfo<T> answer, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        using CancellationTokenSource unlimited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        return await GuardAsync(async () =>
        {
            using HttpResponseMessage response = await SendAsync(request, trace, unlimited.Token);
            return await ReadBodyAsync(response, answer, unlimited.Token);
        }, unlimited, cancellationToken);
    }

    /// <summary>Sends a request and returns the response after its headers.</summary>
    /// <inheritdoc cref="ReadAsync" />
    public async Task<HttpResponseMessage> OpenAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        // The timeout applies to the response headers only, not to the body.
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(Limits.Request);
        return await GuardAsync(() => SendAsync(request, trace, limited.Token), limited, cancellationToken);
    }

    /// <summary>Opens a WebSocket. ClientWebSocket is not used because it hides the body of error responses.</summary>
    /// <inheritdoc cref="ReadAsync" />
    public async Task<WebSocket> UpgradeAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        HttpResponseMessage response = await OpenAsync(
            () =>
            {
                HttpRequestMessage message = request();
                message.Version = HttpVersion.Version11;
                message.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
                message.Headers.Connection.Add("Upgrade");
                message.Headers.Upgrade.Add(new ProductHeaderValue("websocket"));
                message.Headers.Add("Sec-WebSocket-Version", "13");
                message.Headers.Add("Sec-WebSocket-Key", key);
                return message;
            },
            trace, cancellationToken);
        if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            response.Dispose();
            throw new ApiException(ErrorCodes.Unsupported, $"The server at '{Server}', or a proxy in front of it, does not support WebSockets.");
        }

        if (!response.Headers.TryGetValues("Sec-WebSocket-Accept", out IEnumerable<string>? accepted) || !accepted.SequenceEqual([AcceptOf(key)]))
        {
            response.Dispose();
            throw new ApiException(ErrorCodes.Unsupported,
                $"The server at '{Server}', or a proxy in front of it, "
                + "answered the WebSocket handshake without the Sec-WebSocket-Accept that belongs to the request.");
        }

        // The response is not disposed: the WebSocket owns its connection.
        Stream connection = await response.Content.ReadAsStreamAsync(cancellationToken);
        return WebSocket.CreateFromStream(new IdleTimeoutStream(connection, Limits.Idle), new WebSocketCreationOptions { KeepAliveInterval = KeepAlive });
    }

    public void Dispose() => _http.Dispose();

    // RFC 6455, section 4.1. SHA-1 proves only that the peer speaks the protocol.
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "RFC 6455 prescribes SHA-1.")]
    private static string AcceptOf(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static async Task<T> ReadBodyAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> answer, CancellationToken cancellationToken)
    {
        await using BoundedStream body = BoundedStream.OfWhole(await response.Content.ReadAsStreamAsync(cancellationToken));
        return await JsonSerializer.DeserializeAsync(body, answer, cancellationToken) ?? throw new JsonException("The answer is empty.");
    }

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        HttpResponseMessage response;
        try
        {
            response = await AttemptAsync(request, trace, cancellationToken);
        }
        catch (ServerUnreachableException) when (_restart is not null)
        {
            await _restart(cancellationToken);
            response = await AttemptAsync(request, trace, cancellationToken);
        }

        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            return response;
        }

        using (response)
        {
            throw await ErrorResponse.ReadAsync(response, cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(Func<HttpRequestMessage> request, Action<RequestTrace>? trace, CancellationToken cancellationToken)
    {
        using HttpRequestMessage message = request();
        long begin = Stopwatch.GetTimestamp();
        string path = message.RequestUri!.OriginalString;
        int status = 0;
        try
        {
            HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            status = (int)response.StatusCode;
            return response;
        }
        catch (HttpRequestException e) when (e.InnerException is ApiException untrusted)
        {
            throw untrusted;
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw new ServerUnreachableException(Server, e.InnerException ?? e);
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            throw new ServerUnreachableException(Server, e.InnerException);
        }
        finally
        {
            trace?.Invoke(new(message.Method.Method, path, status, Stopwatch.GetElapsedTime(begin)));
        }
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> exchange, CancellationTokenSource limited, CancellationToken cancellationToken)
    {
        try
        {
            return await exchange();
        }
        catch (OperationCanceledException) when (limited.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The server at '{Server}' did not respond within {Limits.Request.TotalSeconds:0} s.");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ConnectionLostException(Server, e);
        }
        catch (JsonException e)
        {
            throw new ApiException(ErrorCodes.InternalError, $"The server at '{Server}' sent an invalid response. Is it a Sandbox server of this version?", e);
        }
    }
}

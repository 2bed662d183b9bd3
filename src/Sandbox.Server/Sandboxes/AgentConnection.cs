using Sandbox.Protocol;
using Sandbox.Server.Engines;

namespace Sandbox.Server.Sandboxes;

/// <summary>HTTP connections to agents. An agent is hostile: its answers are bounded, redirects are not followed.</summary>
internal static class AgentConnection
{
    private const int MaxResponseHeaderKilobytes = 32;

    /// <summary>Creates what sends requests over connections that a function makes.</summary>
    public static HttpMessageInvoker CreateInvoker(Func<HttpRequestMessage, CancellationToken, ValueTask<Stream>> connect)
    {
        SocketsHttpHandler handler = Forwarding.CreateHandler((context, cancellationToken) => connect(context.InitialRequestMessage, cancellationToken));
        handler.MaxResponseHeadersLength = MaxResponseHeaderKilobytes;
        return new(new FlushingHandler(new ZeroByteReadHandler(handler)));
    }

    /// <summary>Connects to an agent that is running.</summary>
    public static async ValueTask<Stream> ConnectAsync(IEngineInstance instance, CancellationToken cancellationToken) =>
        await instance.TryConnectAsync(cancellationToken) ?? throw new IOException("The sandbox's agent does not listen.");

    /// <summary>Returns whether a request may start a stopped sandbox, see <see cref="ApiHeaders.Wake"/>.</summary>
    public static bool MayWake(HttpRequestMessage request) =>
        !request.Headers.TryGetValues(ApiHeaders.Wake, out IEnumerable<string>? values) || !values.Contains("false");

    /// <summary>Sends the first request to an agent. One attempt is enough: connections wait in the socket's backlog until the agent runs.</summary>
    /// <remarks>The agent of a new sandbox gets its configuration; another one has stored it.</remarks>
    public static async Task HandshakeAsync(
        Func<CancellationToken, ValueTask<Stream>> connect, AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        using HttpMessageInvoker invoker = CreateInvoker((_, cancellationToken) => connect(cancellationToken));
        using HttpRequestMessage request = configuration is null
            ? new(HttpMethod.Get, "http://agent/agent/health")
            : new(HttpMethod.Put, "http://agent/agent/configuration")
            {
                Content = JsonContent.Create(configuration, ProtocolJson.Default.AgentConfiguration),
            };
        using HttpResponseMessage response = await invoker.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}

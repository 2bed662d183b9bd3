using System.Net;
using System.Net.Sockets;
using Sandbox.Protocol;
using Sandbox.ServerProgram;

namespace Sandbox.Server.Sandboxes;

/// <summary>Connections to agents. What comes back is hostile: bounded, not followed, believed about its own sandbox only.</summary>
internal static class AgentConnection
{
    private const int Backlog = 512;
    private const int ResponseHeaderKilobytes = 32;

    /// <summary>Makes an agent's listening socket. Disposing it leaves the path in place.</summary>
    /// <param name="path">Where; an old one is replaced.</param>
    public static Socket Listen(string path)
    {
        // A socket of .NET removes the path it was bound to when it is disposed, so it is bound to another.
        string fresh = path + ".new";
        File.Delete(fresh);
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(fresh));
        socket.Listen(Backlog);
        File.Move(fresh, path, overwrite: true);
        return socket;
    }

    /// <summary>Connects to an agent.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to an agent; null when none listens any more.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Stream?> TryConnectAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return await ConnectAsync(path, cancellationToken);
        }
        // The first is .NET's word for a socket's path that is not there.
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.ConnectionRefused)
        {
            return null;
        }
    }

    /// <summary>What sends requests to one agent.</summary>
    /// <param name="connect">Makes a connection to it for a request.</param>
    public static HttpMessageInvoker CreateInvoker(Func<HttpRequestMessage, CancellationToken, ValueTask<Stream>> connect) => new(new PromptUploads(new ZeroByteReadHandler(new SocketsHttpHandler
    {
        ConnectCallback = (context, cancellationToken) => connect(context.InitialRequestMessage, cancellationToken),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        MaxResponseHeadersLength = ResponseHeaderKilobytes,
        ActivityHeadersPropagator = null,
    })));

    /// <summary>Whether a request may start a sandbox that is stopped, see <see cref="ApiHeaders.Wake"/>.</summary>
    /// <param name="request">The request, as it goes to the agent.</param>
    public static bool MayWake(HttpRequestMessage request) => !request.Headers.TryGetValues(ApiHeaders.Wake, out IEnumerable<string>? values) || !values.Contains("false");

    /// <summary>The first request to a launched agent: its answer says that it runs. There is no need to try twice, since connections wait in the socket's backlog.</summary>
    /// <param name="path">Its socket.</param>
    /// <param name="configuration">What a new sandbox's agent has to know; null when it was told in an earlier life.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task HandshakeAsync(string path, AgentConfiguration? configuration, CancellationToken cancellationToken)
    {
        using HttpMessageInvoker invoker = CreateInvoker(async (_, cancel) => await ConnectAsync(path, cancel));
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

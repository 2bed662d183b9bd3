using System.Net.Sockets;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Requests over one socket's kept-alive connections, with nothing of our client around them.</summary>
internal sealed class HttpFloor(ServerEndpoint endpoint) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint.Text["unix:".Length..]), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
        UseProxy = false,
        ActivityHeadersPropagator = null,
    })
    {
        BaseAddress = new Uri("http://floor/"),
    };

    /// <summary>One round trip: a request that the agent answers from memory.</summary>
    /// <param name="sandbox">The sandbox.</param>
    /// <param name="session">One of its sessions.</param>
    public async Task AskAsync(string sandbox, string session)
    {
        using HttpResponseMessage response = await http.GetAsync(new Uri($"v1/sandbox/{sandbox}/session/{session}", UriKind.Relative));
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => http.Dispose();
}

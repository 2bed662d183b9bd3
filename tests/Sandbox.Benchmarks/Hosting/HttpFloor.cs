using System.Net.Sockets;
using Sandbox.Client;

namespace Sandbox.Benchmarks.Hosting;

/// <summary>Baseline of requests: a plain HttpClient over kept-alive connections of one socket.</summary>
internal sealed class HttpFloor(ServerEndpoint endpoint) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
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

    /// <summary>Sends one request that the agent answers from memory.</summary>
    public async Task SendAsync(string sandbox, string session)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri($"v1/sandbox/{sandbox}/session/{session}", UriKind.Relative));
        response.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();
}

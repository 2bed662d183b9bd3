using System.Net.Sockets;
using Microsoft.Net.Http.Headers;
using Sandbox.Agent.Ports;
using Sandbox.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Agent.Api;

/// <summary>Forwards HTTP requests and WebSockets to a program in the sandbox that listens on a port.</summary>
internal sealed class PortForwarder : IDisposable
{
    private readonly HttpMessageInvoker _invoker = new(new FlushingHandler(Forwarding.CreateHandler(async (context, cancellationToken) =>
        new NetworkStream(await LoopbackPorts.ConnectAsync(context.DnsEndPoint.Port, cancellationToken), ownsSocket: true))));

    // Created on first use, which most sandboxes never reach.
    private readonly Lazy<IHttpForwarder> _forwarder = new(() =>
        new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider().GetRequiredService<IHttpForwarder>());

    /// <exception cref="ApiException">There is no answer.</exception>
    public async Task ForwardAsync(HttpContext context, int port)
    {
        string unanswered = $"The program on port {port} closed the connection before it responded.";
        if (await _forwarder.Value.ForwardAsync(context, $"http://localhost:{port}", _invoker, PortTransformer.Instance, unanswered))
        {
            // A response without a body is the program's own, too.
            await context.Response.CompleteAsync();
        }
    }

    /// <inheritdoc />
    public void Dispose() => _invoker.Dispose();

    /// <summary>Sends the request as a client next to the program would.</summary>
    private sealed class PortTransformer : StreamingTransformer
    {
        public static readonly PortTransformer Instance = new();

        // A convention of reverse proxies: the prefix that the program has to put before its own paths.
        private const string PrefixHeader = "X-Forwarded-Prefix";

        private const int SegmentsBeforePath = 5; // v1, sandbox, {id}, port, {port}

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            (string prefix, string path) = Split(RawTarget(httpContext));
            SetTarget(proxyRequest, destinationPrefix, path);
            proxyRequest.Headers.Host = null;
            proxyRequest.Headers.Remove(PrefixHeader);
            proxyRequest.Headers.TryAddWithoutValidation(PrefixHeader, prefix);

            foreach (string name in HopByHop(httpContext.Request.Headers.GetCommaSeparatedValues(HeaderNames.Connection)))
            {
                proxyRequest.Headers.Remove(name);
            }
        }

        public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (string name in HopByHop(proxyResponse is null ? [] : proxyResponse.Headers.Connection))
            {
                proxyResponse!.Headers.Remove(name);
            }

            return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }

        // A message's 'Connection' header is for the next hop alone: see RFC 9110, 7.6.1. An upgrade is forwarded all the same.
        private static string[] HopByHop(IEnumerable<string> connection) =>
            [.. connection.Where(name => !name.Equals(HeaderNames.Upgrade, StringComparison.OrdinalIgnoreCase))];

        // Taken from the raw target, so that nothing is decoded on the way.
        private static (string Prefix, string Path) Split(string target)
        {
            int position = 0;
            for (int segment = 0; segment < SegmentsBeforePath && position >= 0; segment++)
            {
                position = target.IndexOfAny(['/', '?'], position + 1);
            }

            return position < 0 ? (target, "/") : (target[..position], target[position] == '/' ? target[position..] : "/" + target[position..]);
        }
    }
}

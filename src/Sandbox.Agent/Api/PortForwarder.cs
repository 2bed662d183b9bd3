using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Sandbox.Agent.Ports;
using Sandbox.Protocol;
using Sandbox.ServerProgram;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Agent.Api;

/// <summary>Forwards HTTP requests and WebSockets to a program in the sandbox that listens on a port.</summary>
internal sealed class PortForwarder : IDisposable
{
    private static readonly ForwarderRequestConfig Configuration = new()
    {
        // Time-outs are up to the program and the client.
        ActivityTimeout = TimeSpan.FromDays(7),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly HttpMessageInvoker _invoker = new(new PromptUploads(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
            new NetworkStream(await LoopbackPorts.ConnectAsync(context.DnsEndPoint.Port, cancellationToken), ownsSocket: true),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    }));

    // Created on first use, which most sandboxes never reach.
    private readonly Lazy<IHttpForwarder> _forwarder = new(() => new ServiceCollection().AddLogging().AddHttpForwarder().BuildServiceProvider().GetRequiredService<IHttpForwarder>());

    /// <exception cref="ApiException">There is no answer.</exception>
    public async Task ForwardAsync(HttpContext context, int port)
    {
        ForwarderError error = await _forwarder.Value.SendAsync(context, $"http://localhost:{port}", _invoker, Configuration, PortTransformer.Instance);
        if (error == ForwarderError.None)
        {
            // A response without a body is the program's own, too.
            await context.Response.CompleteAsync();
        }
        else if (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Exception? failure = context.GetForwarderErrorFeature()?.Exception;
            throw failure as ApiException ?? failure?.InnerException as ApiException
                ?? new ApiException(ErrorCodes.SandboxUnavailable, $"The program on port {port} closed the connection before it responded.", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _invoker.Dispose();

    /// <summary>Sends the request as a client next to the program would.</summary>
    private sealed class PortTransformer : HttpTransformer
    {
        public static readonly PortTransformer Instance = new();

        // A convention of reverse proxies: the prefix that the program has to put before its own paths.
        private const string PrefixHeader = "X-Forwarded-Prefix";

        private const int SegmentsBeforePath = 5; // v1, sandbox, {id}, port, {port}

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            (string prefix, string path) = Split(httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);
            proxyRequest.RequestUri = new Uri(destinationPrefix + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            proxyRequest.Headers.Host = null;
            proxyRequest.Headers.Remove(PrefixHeader);
            proxyRequest.Headers.TryAddWithoutValidation(PrefixHeader, prefix);

            foreach (string name in HopByHop(httpContext.Request.Headers.GetCommaSeparatedValues(HeaderNames.Connection)))
            {
                proxyRequest.Headers.Remove(name);
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (string name in HopByHop(proxyResponse is null ? [] : proxyResponse.Headers.Connection))
            {
                proxyResponse!.Headers.Remove(name);
            }

            bool goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            if (proxyResponse is { IsSuccessStatusCode: true, Content.Headers.ContentLength: null })
            {
                // A stream may send nothing for long after its headers.
                await httpContext.Response.Body.FlushAsync(cancellationToken);
            }

            return goesOn;
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

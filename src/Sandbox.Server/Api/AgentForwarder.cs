using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Server.Api;

/// <summary>Forwards requests to agents and streams their answers back. An agent's answer never speaks for the server.</summary>
internal sealed class AgentForwarder(IHttpForwarder forwarder)
{
    private static readonly ForwarderRequestConfig Configuration = new()
    {
        // Agent and client have their own time limits; this one only ends lost requests.
        ActivityTimeout = TimeSpan.FromDays(7),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Forwards a request to a sandbox's agent.</summary>
    /// <exception cref="ApiException">The agent did not answer, and nothing has been sent to the client.</exception>
    public async Task ForwardAsync(HttpContext context, SandboxInstance sandbox)
    {
        ForwarderError result = await forwarder.SendAsync(context, "http://agent", sandbox.Agent, Configuration, AgentTransformer.Instance);
        if (result == ForwarderError.None || context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            return;
        }

        Exception? exception = context.GetForwarderErrorFeature()?.Exception;
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is ApiException error)
            {
                throw error;
            }
        }

        throw new ApiException(ErrorCodes.SandboxUnavailable, $"The sandbox '{sandbox.Record.Id}' closed the connection before it answered.", exception);
    }

    /// <summary>Removes the caller's credentials from requests, and from answers the headers that would speak for the server.</summary>
    private sealed class AgentTransformer : HttpTransformer
    {
        public static readonly AgentTransformer Instance = new();

        private static readonly string[] NotForAgents = ["Authorization", "Cookie", "Proxy-Authorization"];
        private static readonly string[] NotFromAgents =
            [ApiHeaders.RequestId, "Set-Cookie", "Server", "WWW-Authenticate", "Proxy-Authenticate", "Strict-Transport-Security", "Alt-Svc"];

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = null;

            // Exactly as the client wrote it: rebuilt from the decoded path, '%2F' in a file's name would become '%252F'.
            if (httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is ['/', ..] target)
            {
                proxyRequest.RequestUri = new Uri(destinationPrefix + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            }

            foreach (string name in NotForAgents)
            {
                proxyRequest.Headers.Remove(name);
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (string name in NotFromAgents)
            {
                proxyResponse?.Headers.Remove(name);
            }

            bool hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            if (proxyResponse is { IsSuccessStatusCode: true, Content.Headers.ContentLength: null })
            {
                // A stream may send nothing for long after its headers.
                await httpContext.Response.Body.FlushAsync(cancellationToken);
            }

            return hasBody;
        }
    }
}

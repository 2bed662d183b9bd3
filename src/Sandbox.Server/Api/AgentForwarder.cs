using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Server.Api;

/// <summary>Passes requests on to agents and their answers back, as they come. What an agent answers is the sandbox's word, never the server's.</summary>
/// <param name="forwarder">Does the copying.</param>
internal sealed class AgentForwarder(IHttpForwarder forwarder)
{
    private static readonly ForwarderRequestConfig Configuration = new()
    {
        // Time limits are the agent's and the client's; this only keeps a lost request from staying for ever.
        ActivityTimeout = TimeSpan.FromDays(7),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Passes a request on.</summary>
    /// <param name="context">The request.</param>
    /// <param name="sandbox">Whose agent answers it.</param>
    /// <exception cref="ApiException">It did not answer, and nothing has been sent to the client.</exception>
    public async Task ForwardAsync(HttpContext context, SandboxInstance sandbox)
    {
        ForwarderError error = await forwarder.SendAsync(context, "http://agent", sandbox.Agent, Configuration, AgentTransformer.Instance);
        if (error == ForwarderError.None || context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            return;
        }

        Exception? exception = context.GetForwarderErrorFeature()?.Exception;
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is ApiException known)
            {
                throw known;
            }
        }

        throw new ApiException(ErrorCodes.SandboxUnavailable, $"The sandbox '{sandbox.Record.Id}' broke the connection before it answered.", exception);
    }

    /// <summary>What is not passed on: the caller's credentials to the agent, and from the agent what speaks for the server.</summary>
    private sealed class AgentTransformer : HttpTransformer
    {
        public static readonly AgentTransformer Instance = new();

        private static readonly string[] NotForAgents = ["Authorization", "Cookie", "Proxy-Authorization"];
        private static readonly string[] NotFromAgents = [ApiHeaders.RequestId, "Set-Cookie", "Server", "WWW-Authenticate", "Proxy-Authenticate", "Strict-Transport-Security", "Alt-Svc"];

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = null;

            // Exactly what the client wrote: put together anew from the decoded path, '%2F' in a file's name would become '%252F'.
            if (httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget is ['/', ..] target)
            {
                proxyRequest.RequestUri = new Uri(destinationPrefix + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            }

            foreach (string name in NotForAgents)
            {
                proxyRequest.Headers.Remove(name);
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (string name in NotFromAgents)
            {
                proxyResponse?.Headers.Remove(name);
            }

            bool goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            if (proxyResponse is { IsSuccessStatusCode: true, Content.Headers.ContentLength: null })
            {
                // A stream may be silent for long after its headers.
                await httpContext.Response.Body.FlushAsync(cancellationToken);
            }

            return goesOn;
        }
    }
}

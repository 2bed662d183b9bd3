using Sandbox.Protocol;
using Sandbox.Server.Sandboxes;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Server.Api;

/// <summary>Forwards requests to agents and streams their answers back. An agent's answer never speaks for the server.</summary>
internal sealed class AgentForwarder(IHttpForwarder forwarder)
{
    /// <summary>Forwards a request to a sandbox's agent.</summary>
    /// <exception cref="ApiException">The agent did not answer, and nothing has been sent to the client.</exception>
    public Task ForwardAsync(HttpContext context, SandboxInstance sandbox) => forwarder.ForwardAsync(
        context, "http://agent", sandbox.Agent, AgentTransformer.Instance, $"The sandbox '{sandbox.Record.Id}' closed the connection before it answered.");

    /// <summary>Removes the caller's credentials from requests, and from answers the headers that would speak for the server; marks
    /// answers as the agent's.</summary>
    private sealed class AgentTransformer : StreamingTransformer
    {
        public static readonly AgentTransformer Instance = new();

        private static readonly string[] NotForAgents = ["Authorization", "Cookie", "Proxy-Authorization"];
        private static readonly string[] NotFromAgents =
            [ApiHeaders.RequestId, ApiHeaders.AnsweredBy, "Set-Cookie", "Server",
             "WWW-Authenticate", "Proxy-Authenticate", "Strict-Transport-Security", "Alt-Svc"];

        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = null;

            if (RawTarget(httpContext) is ['/', ..] target)
            {
                SetTarget(proxyRequest, destinationPrefix, target);
            }

            foreach (string name in NotForAgents)
            {
                proxyRequest.Headers.Remove(name);
            }
        }

        public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            foreach (string name in NotFromAgents)
            {
                proxyResponse?.Headers.Remove(name);
            }

            if (proxyResponse is not null)
            {
                httpContext.Response.Headers[ApiHeaders.AnsweredBy] = ApiHeaders.BySandbox;
            }

            return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }
    }
}

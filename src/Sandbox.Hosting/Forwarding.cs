using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Hosting;

/// <summary>Forwards requests and streams their answers back, whatever their length and speed.</summary>
internal static class Forwarding
{
    private static readonly ForwarderRequestConfig Configuration = new()
    {
        // Both ends have their own time limits; this one only ends lost requests.
        ActivityTimeout = TimeSpan.FromDays(7),
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Creates the handler of forwarded requests, which passes on what it receives unchanged.</summary>
    public static SocketsHttpHandler CreateHandler(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) => new()
    {
        ConnectCallback = connect,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    };

    /// <summary>Forwards a request.</summary>
    /// <returns>False when the client has disconnected, or the answer broke off after its start.</returns>
    /// <exception cref="ApiException">There is no answer, and nothing has been sent to the client.</exception>
    public static async Task<bool> ForwardAsync(
        this IHttpForwarder forwarder, HttpContext context, string destination, HttpMessageInvoker invoker, StreamingTransformer transformer, string unanswered)
    {
        if (await forwarder.SendAsync(context, destination, invoker, Configuration, transformer) == ForwarderError.None)
        {
            return true;
        }

        if (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            return false;
        }

        Exception? failure = context.GetForwarderErrorFeature()?.Exception;
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is ApiException error)
            {
                throw error;
            }
        }

        throw new ApiException(ErrorCodes.SandboxUnavailable, unanswered, failure);
    }
}

/// <summary>Sends the headers of a streamed answer at once: a stream may send nothing for long after them.</summary>
internal abstract class StreamingTransformer : HttpTransformer
{
    /// <inheritdoc />
    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        bool hasBody = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse is { IsSuccessStatusCode: true, Content.Headers.ContentLength: null })
        {
            await httpContext.Response.Body.FlushAsync(cancellationToken);
        }

        return hasBody;
    }

    /// <summary>Sets a forwarded request's address to exactly what the client wrote: rebuilt from the decoded path, '%2F' in a file's name would become
    /// '%252F'.</summary>
    protected static void SetTarget(HttpRequestMessage request, string destinationPrefix, string target) =>
        request.RequestUri = new Uri(destinationPrefix + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Gets the path and query of a request as they were sent.</summary>
    protected static string RawTarget(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
}

using Sandbox.ServerProgram;

namespace Sandbox.Agent.Api;

/// <summary>Marks a route that waits for nothing but what it awaits, and so may be served on a socket's thread.</summary>
internal sealed class InlineEndpoint
{
    /// <summary>The middleware: all other routes, which may wait for a disk or for processes, are served on pool threads.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">What serves it.</param>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<InlineEndpoint>() is null)
        {
            await SocketThreads.Leave();
        }

        await next(context);
    }
}

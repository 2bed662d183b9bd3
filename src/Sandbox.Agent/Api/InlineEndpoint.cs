namespace Sandbox.Agent.Api;

/// <summary>Marks a route that never blocks, and so may be served on a socket's thread.</summary>
internal sealed class InlineEndpoint
{
    /// <summary>Serves all other routes, which may block on a disk or on processes, on pool threads.</summary>
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<InlineEndpoint>() is null)
        {
            await InlineSocketScheduling.Leave();
        }

        await next(context);
    }
}

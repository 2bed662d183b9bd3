using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

internal static class Responses
{
    public static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public static Task DoneAsync(HttpContext context) => JsonBody.WriteAsync(context, new Done(true), ProtocolJson.Default.Done);
}

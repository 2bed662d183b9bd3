namespace Sandbox.Agent.Api;

/// <summary>Answers that need no more than a line.</summary>
internal static class Responses
{
    /// <summary>Done, and nothing to say.</summary>
    /// <param name="context">The request.</param>
    public static Task NoContent(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}

using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Api;

/// <summary>Gives every request an id, checks its API key, and turns exceptions into error answers.</summary>
internal sealed class RequestPipeline(ApiKey key, IdleTracker idle, RequestDelegate next)
{
    private const int IdLength = 10;
    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const string OpenRoute = "/health";

    private readonly ErrorHandlingMiddleware _errors = new("Internal server error. See the server's log", Log);

    public async Task InvokeAsync(HttpContext context)
    {
        string id = string.Create(IdLength, 0, static (span, _) => Random.Shared.GetItems(IdAlphabet, span));
        context.Response.Headers[ApiHeaders.RequestId] = id;
        // The agent reports its own errors with the same id.
        context.Request.Headers[ApiHeaders.RequestId] = id;
        idle.Begin();
        try
        {
            await _errors.InvokeAsync(context, AuthorizeAsync);
        }
        finally
        {
            idle.End();
        }
    }

    private Task AuthorizeAsync(HttpContext context)
    {
        if (context.Request.Path != OpenRoute)
        {
            key.Require(context);
        }

        return next(context);
    }

    private static void Log(HttpContext context, ApiException error)
    {
        string request = $"{context.Request.Headers[ApiHeaders.RequestId]} {context.Request.Method} {context.Request.Path.ToUriComponent()}";
        if (error.Code == ErrorCodes.InternalError)
        {
            ServerLog.Write($"{request} failed", error.InnerException ?? error);
        }
        else if (error.Code is ErrorCodes.SandboxUnavailable or ErrorCodes.IsolationUnavailable)
        {
            ServerLog.Write($"{request}: {error.Message} {error.InnerException?.GetBaseException().Message}");
        }
    }
}

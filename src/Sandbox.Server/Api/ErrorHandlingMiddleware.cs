using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Api;

/// <summary>Gives every request an id, checks its API key, and turns exceptions into error answers.</summary>
internal sealed class ErrorHandlingMiddleware(ApiKey key, IdleTracker idle, RequestDelegate next)
{
    private const int IdLength = 10;
    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const string OpenRoute = "/health";

    public async Task InvokeAsync(HttpContext context)
    {
        string id = string.Create(IdLength, 0, static (span, _) => Random.Shared.GetItems(IdAlphabet, span));
        context.Response.Headers[ApiHeaders.RequestId] = id;
        // The agent reports its own errors with the same id.
        context.Request.Headers[ApiHeaders.RequestId] = id;
        idle.Begin();
        try
        {
            if (!context.Request.Path.Equals(OpenRoute, StringComparison.Ordinal))
            {
                key.Require(context);
            }

            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
        }
        catch (Exception exception)
        {
            await WriteErrorAsync(context, id, exception);
        }
        finally
        {
            idle.End();
        }
    }

    private static async Task WriteErrorAsync(HttpContext context, string id, Exception exception)
    {
        ApiException error = exception switch
        {
            ApiException api => api,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new(ErrorCodes.PayloadTooLarge, "The request's body is too large."),
            BadHttpRequestException => new ApiException(ErrorCodes.InvalidRequest, "The request is not proper HTTP."),
            _ => new ApiException(ErrorCodes.InternalError, $"Internal server error. See the server's log for request '{id}'."),
        };
        string request = $"{id} {context.Request.Method} {context.Request.Path.ToUriComponent()}";
        if (error.Code == ErrorCodes.InternalError)
        {
            ServerLog.Write($"{request} failed", exception);
        }
        else if (error.Code is ErrorCodes.SandboxUnavailable or ErrorCodes.IsolationUnavailable)
        {
            ServerLog.Write($"{request}: {error.Message} {error.InnerException?.GetBaseException().Message}");
        }

        if (context.Response.HasStarted)
        {
            // Only a broken connection can still signal the error.
            context.Abort();
            return;
        }

        // A failed forwarding may have set these.
        context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = null;
        context.Response.Headers.ContentLength = null;
        await JsonBody.WriteAsync(context, error.ToBody(id), ProtocolJson.Default.ErrorBody, error.Status);
    }
}

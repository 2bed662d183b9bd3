using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;
using Sandbox.Server.Infrastructure;

namespace Sandbox.Server.Api;

/// <summary>What surrounds every request: its id, who may make it, and one form for every exception.</summary>
/// <param name="key">Who may call.</param>
/// <param name="clock">Told of every call.</param>
/// <param name="next">Serves the request.</param>
internal sealed class ErrorHandlingMiddleware(ApiKey key, IdleTracker clock, RequestDelegate next)
{
    private const int IdLength = 10;
    private const string IdAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const string OpenRoute = "/health";

    /// <summary>Serves a request.</summary>
    /// <param name="context">The request.</param>
    public async Task InvokeAsync(HttpContext context)
    {
        string id = string.Create(IdLength, 0, static (span, _) => Random.Shared.GetItems(IdAlphabet, span));
        context.Response.Headers[ApiHeaders.RequestId] = id;
        // The agent names its own failures by the same id.
        context.Request.Headers[ApiHeaders.RequestId] = id;
        clock.Begin();
        try
        {
            if (context.Request.Path != OpenRoute)
            {
                key.Require(context);
            }

            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to be told.
        }
        catch (Exception exception)
        {
            await AnswerAsync(context, id, exception);
        }
        finally
        {
            clock.End();
        }
    }

    private static async Task AnswerAsync(HttpContext context, string id, Exception exception)
    {
        ApiException told = exception switch
        {
            ApiException known => known,
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new ApiException(ErrorCodes.PayloadTooLarge, "The request's body is too large."),
            BadHttpRequestException => new ApiException(ErrorCodes.InvalidRequest, "The request is not proper HTTP."),
            _ => new ApiException(ErrorCodes.InternalError, $"The server failed. Its log says more, under '{id}'."),
        };
        if (told.Code == ErrorCodes.InternalError)
        {
            ServerLog.Write($"{id} {context.Request.Method} {context.Request.Path.ToUriComponent()} failed", exception);
        }
        else if (told.Code is ErrorCodes.SandboxUnavailable or ErrorCodes.IsolationUnavailable)
        {
            ServerLog.Write($"{id} {context.Request.Method} {context.Request.Path.ToUriComponent()}: {told.Message} {told.InnerException?.GetBaseException().Message}");
        }

        if (context.Response.HasStarted)
        {
            // A broken connection is the only honest sign left.
            context.Abort();
            return;
        }

        // What a failed forwarding has set must not stay.
        context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = null;
        context.Response.Headers.ContentLength = null;
        await JsonBody.WriteAsync(context, told.ToBody(id), ProtocolJson.Default.ErrorBody, told.Status);
    }
}

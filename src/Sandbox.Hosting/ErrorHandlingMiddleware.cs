using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Protocol;

namespace Sandbox.Hosting;

/// <summary>Turns exceptions into the API's error body and status.</summary>
/// <param name="unexpected">The message for an unexpected exception, without a full stop. Only the log contains its details.</param>
/// <param name="log">Logs an error before it is sent.</param>
internal sealed class ErrorHandlingMiddleware(string unexpected, Action<HttpContext, ApiException> log)
{
    /// <summary>Handles a request.</summary>
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
        }
        catch (Exception exception)
        {
            ApiException error = Translate(context, exception);
            log(context, error);
            if (context.Response.HasStarted)
            {
                // Only a broken connection can still signal the error.
                context.Abort();
                return;
            }

            await WriteAsync(context, error);
        }
    }

    private ApiException Translate(HttpContext context, Exception exception) => exception switch
    {
        ApiException known => known,
        JsonException json => new(ErrorCodes.InvalidRequest, json.Path is { Length: > 1 } path
            ? $"Invalid JSON body: the value at '{path}' has the wrong type."
            : "Invalid JSON body.", json),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => new(
            ErrorCodes.PayloadTooLarge,
            $"The request's body is larger than {context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes.", exception),
        BadHttpRequestException => new(ErrorCodes.InvalidRequest, exception.Message, exception),
        _ => new(ErrorCodes.InternalError,
            context.Request.Headers[ApiHeaders.RequestId] is [{ } id] ? $"{unexpected} for request '{id}'." : $"{unexpected}.",
            exception),
    };

    private static Task WriteAsync(HttpContext context, ApiException error)
    {
        // What the failed handler set belongs to the answer that is not sent.
        IHeaderDictionary headers = context.Response.Headers;
        (var allow, var authenticate) = (headers.Allow, headers.WWWAuthenticate);
        context.Response.Clear();
        (headers.Allow, headers.WWWAuthenticate) = (allow, authenticate);
        string? requestId = context.Request.Headers[ApiHeaders.RequestId];
        headers[ApiHeaders.RequestId] = requestId;
        return JsonBody.WriteAsync(context, error.ToBody(requestId), ProtocolJson.Default.ErrorBody, error.Status);
    }
}

using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Turns exceptions into the API's error body and status.</summary>
internal static class ErrorHandlingMiddleware
{
    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed })
            {
                await WriteAsync(context, context.Response.StatusCode == StatusCodes.Status404NotFound
                    ? new ApiException(ErrorCodes.RouteNotFound, $"There is no '{context.Request.Path}' in this API.")
                    : new ApiException(ErrorCodes.MethodNotAllowed, $"'{context.Request.Path}' does not support {context.Request.Method}."));
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Translate(exception));
        }
        catch (Exception exception)
        {
            // Too late for an error response: the aborted stream tells the reader, the log says why.
            await Console.Error.WriteLineAsync(exception.ToString());
            context.Abort();
        }
    }

    private static ApiException Translate(Exception failure)
    {
        switch (failure)
        {
            case ApiException known:
                return known;
            case JsonException json:
                return new ApiException(ErrorCodes.InvalidRequest, json.Path is { Length: > 1 } path
                    ? $"Invalid JSON body: the value at '{path}' has the wrong type."
                    : "Invalid JSON body.");
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new ApiException(ErrorCodes.PayloadTooLarge, $"The request's body is larger than {AgentApi.MaximumBody} bytes.");
            case BadHttpRequestException bad:
                return new ApiException(ErrorCodes.InvalidRequest, bad.Message);
            default:
                Console.Error.WriteLine(failure);
                return new ApiException(ErrorCodes.InternalError, "The sandbox's agent failed. See its log.");
        }
    }

    private static async Task WriteAsync(HttpContext context, ApiException failure)
    {
        context.Response.Clear();
        context.Response.StatusCode = failure.Status;
        context.Response.ContentType = "application/json";
        string? requestId = context.Request.Headers[ApiHeaders.RequestId];
        await JsonSerializer.SerializeAsync(context.Response.Body, failure.ToBody(requestId), ProtocolJson.Default.ErrorBody, context.RequestAborted);
    }
}

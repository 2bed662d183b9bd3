using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Server.Api;

/// <summary>JSON bodies of the server's own requests and answers.</summary>
internal static class JsonBody
{
    private const int MaxLength = 1 << 20;

    /// <summary>Reads a request's body, or returns null for an empty one.</summary>
    /// <exception cref="ApiException">It is too large, or not the expected JSON.</exception>
    public static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Request.ContentLength > MaxLength)
        {
            throw TooLarge();
        }

        using MemoryStream body = new();
        byte[] buffer = new byte[16 * 1024];
        for (int count; (count = await context.Request.Body.ReadAsync(buffer, context.RequestAborted)) > 0;)
        {
            body.Write(buffer, 0, count);
            if (body.Length > MaxLength)
            {
                throw TooLarge();
            }
        }

        try
        {
            return body.Length == 0 ? null : JsonSerializer.Deserialize(body.GetBuffer().AsSpan(0, (int)body.Length), type);
        }
        catch (JsonException exception)
        {
            // The exception's own message may quote a value.
            string position = exception.Path is { Length: > 1 } path ? $"at '{path[1..].TrimStart('.')}'" : $"in line {exception.LineNumber + 1}";
            throw new ApiException(ErrorCodes.InvalidRequest, $"The request's body is not the JSON expected here: look {position}.", exception);
        }
    }

    /// <summary>Answers with JSON.</summary>
    public static async Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static ApiException TooLarge() => new(ErrorCodes.PayloadTooLarge, $"The request's body is larger than {MaxLength} bytes.");
}

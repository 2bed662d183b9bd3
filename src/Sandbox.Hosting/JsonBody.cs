using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Sandbox.Hosting;

/// <summary>Request and response bodies as source-generated JSON.</summary>
internal static class JsonBody
{
    /// <param name="whenEmpty">The value of an absent body; null when a body is required.</param>
    /// <exception cref="JsonException">It is not that.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, T? whenEmpty = null)
        where T : class
    {
        if (whenEmpty is not null && context.Request.ContentLength is 0 or null && !context.Request.Headers.TransferEncoding.Contains("chunked"))
        {
            return whenEmpty;
        }

        return await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted)
            ?? throw new JsonException("The body is null.");
    }

    /// <summary>Answers with JSON.</summary>
    public static Task WriteAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(value, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

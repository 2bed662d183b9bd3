using System.Net.Http.Headers;
using System.Text.Json;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Converts an error response to an <see cref="ApiException"/>.</summary>
internal static class ErrorResponse
{
    private const int LongestBody = 64 * 1024;

    /// <summary>Reads the error. A response that is not from the API is mapped by its status code.</summary>
    /// <param name="response">The response.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    public static async Task<ApiException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        int status = (int)response.StatusCode;
        bool isFromSandbox = response.Headers.Contains(ApiHeaders.AnsweredBy);
        string? requestId = response.Headers.TryGetValues(ApiHeaders.RequestId, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
        if (await ReadBodyAsync(response.Content, cancellationToken) is { Code: { Length: > 0 } code, Error: { Length: > 0 } error } body)
        {
            return new(DisplayText.Clean(code), DisplayText.CleanLines(error))
            {
                Status = status,
                RequestId = body.RequestId ?? requestId,
                Field = body.Field,
                IsFromSandbox = isFromSandbox,
            };
        }

        return new(ErrorCodes.FromStatus(status), $"The server rejected the request with status {status} without an explanation.")
        {
            Status = status,
            RequestId = requestId,
            IsFromSandbox = isFromSandbox,
        };
    }

    private static async Task<ErrorBody?> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentType is not MediaTypeHeaderValue { MediaType: "application/json" or "application/problem+json" })
        {
            return null;
        }

        try
        {
            await content.LoadIntoBufferAsync(LongestBody, cancellationToken);
            await using Stream body = await content.ReadAsStreamAsync(cancellationToken);
            return await JsonSerializer.DeserializeAsync(body, ProtocolJson.Default.ErrorBody, cancellationToken);
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            // The response is from a proxy or incomplete: the status code is enough.
            return null;
        }
    }
}

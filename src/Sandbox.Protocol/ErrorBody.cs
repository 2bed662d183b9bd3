namespace Sandbox.Protocol;

/// <summary>The body of an error response, and the data of an <c>error</c> event.</summary>
/// <param name="Error">A message for users.</param>
/// <param name="Code">The stable code, see <see cref="ErrorCodes"/>.</param>
/// <param name="RequestId">The request's id in the server's log.</param>
/// <param name="Field">The JSON field of the request that caused the error; the message describes it in words.</param>
public sealed record ErrorBody(string Error, string Code, string? RequestId = null, string? Field = null)
{
    /// <summary>The exception of this error, with a message that cannot control a terminal.</summary>
    /// <param name="isFromSandbox">Whether the error came from a sandbox.</param>
    public ApiException ToException(bool isFromSandbox) => new(DisplayText.Clean(Code), DisplayText.CleanLines(Error))
    {
        RequestId = RequestId,
        Field = Field,
        IsFromSandbox = isFromSandbox,
    };
}

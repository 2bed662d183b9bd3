namespace Sandbox.Protocol;

/// <summary>The body of an error response, and the data of an <c>error</c> event.</summary>
/// <param name="Error">A message for users.</param>
/// <param name="Code">The stable code, see <see cref="ErrorCodes"/>.</param>
/// <param name="RequestId">The request's id in the server's log.</param>
public sealed record ErrorBody(string Error, string Code, string? RequestId = null);

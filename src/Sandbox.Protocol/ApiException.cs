namespace Sandbox.Protocol;

/// <summary>An error with a stable <see cref="Code"/>. Servers convert it to an error response, clients convert the response back.</summary>
public sealed class ApiException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">A message for users, without secrets: what failed and what to do.</param>
    /// <param name="inner">The cause, for logs.</param>
    public ApiException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>The stable code, one of <see cref="ErrorCodes"/> or a code of a newer server.</summary>
    public string Code { get; }

    /// <summary>The id under which the server logged the error, if it came from a server.</summary>
    public string? RequestId { get; init; }

    /// <summary>The JSON field of the request that caused the failure.</summary>
    public string? Field { get; init; }

    /// <summary>Whether the error came from a sandbox and not from its server.</summary>
    public bool IsFromSandbox { get; init; }

    /// <summary>The HTTP status; by default that of the code.</summary>
    public int Status { get => field == 0 ? ErrorCodes.Find(Code).Status : field; init; }

    /// <summary>What belongs to the code.</summary>
    public ErrorKind Kind => ErrorCodes.Find(Code, Status);

    /// <summary>Returns the body of the error response.</summary>
    /// <param name="requestId">The id of the request that failed.</param>
    public ErrorBody ToBody(string? requestId) => new(Message, Code, requestId, Field);
}

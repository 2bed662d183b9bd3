namespace Sandbox.Protocol;

/// <summary>A failure that the API names by a stable <see cref="Code"/>. Servers turn it into an answer, clients turn the answer back into it.</summary>
public sealed class ApiException : Exception
{
    /// <summary>Creates the failure.</summary>
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">A sentence for people, without secrets, that says what was wrong and what to do.</param>
    /// <param name="inner">The cause, kept for logs.</param>
    public ApiException(string code, string message, Exception? inner = null)
        : base(message, inner) => Code = code;

    /// <summary>The stable code, one of <see cref="ErrorCodes"/> or a code of a newer server.</summary>
    public string Code { get; }

    /// <summary>The request the server logged the failure under, when it came over the wire.</summary>
    public string? RequestId { get; init; }

    /// <summary>The answer's status; by default the one that belongs to the code.</summary>
    public int Status { get => field == 0 ? ErrorCodes.StatusOf(Code) : field; init; }

    /// <summary>The wire form of this failure.</summary>
    /// <param name="requestId">The id of the request that failed.</param>
    public ErrorBody ToBody(string? requestId) => new(Message, Code, requestId);
}

namespace Sandbox.Protocol;

/// <summary>What an error code means to the two ends of the API.</summary>
/// <param name="Code">The code, one of <see cref="ErrorCodes"/>.</param>
/// <param name="Status">The status of the HTTP response.</param>
/// <param name="Category">The name of the PowerShell <c>ErrorCategory</c>.</param>
/// <param name="RecommendedAction">What a user can do; null where the message alone can say it.</param>
public sealed record ErrorKind(string Code, int Status, string Category, string? RecommendedAction);

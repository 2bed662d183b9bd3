using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>What a request says outside its body.</summary>
internal static class RequestValues
{
    /// <summary>The session a request names in its header, if any.</summary>
    /// <param name="context">The request.</param>
    public static string? SessionId(this HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.SessionId, out var values) ? values.ToString() : null;

    /// <summary>The id that a request chooses for what it starts, or a new one.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static string ProcessId(this HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.ProcessId, out var given) ? Identifier.Require(given.ToString(), "process") : Identifier.Generate();

    /// <summary>A yes or no in the query.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">Its name.</param>
    /// <param name="whenAbsent">What its absence means.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static bool QueryFlag(this HttpContext context, string name, bool whenAbsent) =>
        context.Query(name, whenAbsent, bool.TryParse, "'true' or 'false'");

    /// <summary>A value in the query.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">Its name.</param>
    /// <param name="whenAbsent">What its absence means.</param>
    /// <param name="parser">Reads it.</param>
    /// <param name="expected">What it has to be, for the error.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static T Query<T>(this HttpContext context, string name, T whenAbsent, QueryParser<T> parser, string expected)
    {
        if (context.Request.Query[name] is not [string text])
        {
            return whenAbsent;
        }

        return parser(text, out T? value) ? value! : throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is '{text}'. Use {expected}.");
    }

    /// <summary>A part of the request's path.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The part's name in the route.</param>
    public static string RouteValue(this HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}

/// <summary>Reads a value.</summary>
/// <param name="text">The text.</param>
/// <param name="value">The value.</param>
internal delegate bool QueryParser<T>(string text, out T value);

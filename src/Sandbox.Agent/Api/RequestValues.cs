using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>What a request says outside its body.</summary>
internal static class RequestValues
{
    /// <summary>The session a request names in its header, if any.</summary>
    /// <param name="context">The request.</param>
    public static string? SessionId(this HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.SessionId, out var values) ? values.ToString() : null;

    /// <summary>A part of the request's path.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The part's name in the route.</param>
    public static string RouteValue(this HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}

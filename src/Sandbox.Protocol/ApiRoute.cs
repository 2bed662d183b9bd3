namespace Sandbox.Protocol;

/// <summary>One operation of the API.</summary>
/// <param name="Id">Its name, unique in the API.</param>
/// <param name="Methods">Its HTTP methods; empty for any.</param>
/// <param name="Template">Its path, with parameters in braces. A last parameter <c>{**path}</c> takes the rest of the path, which may be absent.</param>
/// <param name="Summary">What it does.</param>
public sealed record ApiRoute(string Id, string[] Methods, string Template, string Summary)
{
    /// <summary>The media type of JSON.</summary>
    public const string Json = "application/json";

    /// <summary>The media type of bytes.</summary>
    public const string Bytes = "application/octet-stream";

    /// <summary>The media type of server-sent events.</summary>
    public const string Events = "text/event-stream";

    /// <summary>The media type of one JSON value a line.</summary>
    public const string Lines = "application/x-ndjson";

    /// <summary>What a template ends with whose last parameter takes the rest of the path.</summary>
    public const string RestOfPath = "/{**path}";

    /// <summary>Who serves it.</summary>
    public required RouteOwner Owner { get; init; }

    /// <summary>The names of the query parameters.</summary>
    public required string[] Query { get; init; }

    /// <summary>The model of the request's body; null for none or bytes.</summary>
    public Type? Request { get; init; }

    /// <summary>The media type of the request's body; null for none.</summary>
    public string? RequestMedia { get; init; }

    /// <summary>The model of the response's body; null for none or a stream.</summary>
    public Type? Response { get; init; }

    /// <summary>The media type of the response's body; null for none.</summary>
    public string? ResponseMedia { get; init; }

    /// <summary>The status of a success.</summary>
    public required int Status { get; init; }

    /// <summary>Returns the path with values for its parameters, relative to the server's address; without the rest of the path.</summary>
    /// <param name="values">The values in the order of the parameters, escaped.</param>
    public string PathOf(params ReadOnlySpan<string> values)
    {
        string path = Template.EndsWith(RestOfPath, StringComparison.Ordinal) ? Template[1..^RestOfPath.Length] : Template[1..];
        foreach (string value in values)
        {
            path = string.Concat(path.AsSpan(0, path.IndexOf('{')), value, path.AsSpan(path.IndexOf('}') + 1));
        }

        return path;
    }
}

/// <summary>Who serves a route.</summary>
public enum RouteOwner
{
    /// <summary>The server itself.</summary>
    Server,

    /// <summary>The server itself, for clients of its own socket only.</summary>
    LocalServer,

    /// <summary>The agent of the sandbox, to which the server forwards the request.</summary>
    Agent,

    /// <summary>The agent, for the server only.</summary>
    PrivateAgent,
}

using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Method, URL and headers of a request to a route. Paths of files are query parameters, because dot segments of a URL path
/// are resolved on the way.</summary>
internal sealed record RequestAddress
{
    private const int LargeBody = 1024 * 1024;

    // The method, the version and the prefix of a proxy need some of the request line.
    private const int LongestUrl = PathText.LongestRequestLine - 1024;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Starts an address.</summary>
    /// <param name="route">The route.</param>
    /// <param name="ids">The values of the route's parameters. They are checked; valid ones need no escaping.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> for an invalid id.</exception>
    public RequestAddress(ApiRoute route, params IEnumerable<string> ids) => (Method, Url) =
        (HttpMethod.Parse(route.Methods[0]), route.PathOf([.. ids.Select((id, index) => Identifier.Require(id, Kind(route, index)))]));

    /// <summary>The HTTP method.</summary>
    public HttpMethod Method { get; init; }

    /// <summary>The session; null for none.</summary>
    public string? Session { get; init; }

    /// <summary>Whether a stopped sandbox is started.</summary>
    public bool Wake { get; init; } = true;

    private string Url { get; init; }

    /// <summary>Returns the address with one more query parameter; null is omitted.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public RequestAddress With(string name, string? value) => value is null ? this
        : this with { Url = $"{Url}{(Url.Contains('?') ? '&' : '?')}{name}={PathText.Escape(value).Replace("%2C", ",", StringComparison.Ordinal)}" };

    /// <inheritdoc cref="With(string, string?)"/>
    public RequestAddress With(string name, bool value) => With(name, value ? "true" : "false");

    /// <inheritdoc cref="With(string, string?)"/>
    public RequestAddress With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <summary>Returns the address with patterns of what is left out.</summary>
    /// <param name="patterns">The patterns, see <see cref="ExcludePatterns"/>.</param>
    /// <param name="root">What their paths are relative to.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> for more than a request can hold.</exception>
    public RequestAddress WithExcludes(IReadOnlyList<string> patterns, ExcludeRoot root)
    {
        if (patterns.Count == 0)
        {
            return this;
        }

        RequestAddress address = patterns.Aggregate(With("root", root.ToString().ToLowerInvariant()), (next, pattern) => next.With("exclude", pattern));
        return address.Url.Length <= LongestUrl ? address : throw new ApiException(
            ErrorCodes.InvalidRequest,
            $"The {patterns.Count} patterns to exclude are too long for a request: {address.Url.Length} of at most {LongestUrl} bytes. Use fewer patterns.");
    }

    /// <summary>Returns a new request. The exception of an invalid session id is an <see cref="ApiException"/>.</summary>
    public HttpRequestMessage ToMessage()
    {
        HttpRequestMessage message = new(Method, Url);
        if (Session is not null)
        {
            message.Headers.Add(ApiHeaders.SessionId, Identifier.Require(Session, "session"));
        }

        if (!Wake)
        {
            message.Headers.Add(ApiHeaders.Wake, "false");
        }

        return message;
    }

    /// <summary>Returns a new request with content.</summary>
    /// <param name="content">The content.</param>
    public HttpRequestMessage ToMessage(HttpContent content)
    {
        HttpRequestMessage message = ToMessage();
        message.Content = content;
        return message;
    }

    /// <summary>Returns a new request with a JSON body.</summary>
    /// <param name="body">The body.</param>
    /// <param name="type">Its type.</param>
    public HttpRequestMessage ToMessage<T>(T body, JsonTypeInfo<T> type)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(body, type);
        HttpRequestMessage message = ToMessage(new ByteArrayContent(json) { Headers = { ContentType = Json } });

        // What is too large is refused before it is sent: then the answer is not lost with the connection.
        message.Headers.ExpectContinue = json.Length > LargeBody;
        return message;
    }

    private static string Kind(ApiRoute route, int index) => index == 0 ? "sandbox" : route.Template.Split('{')[index + 1].Split('}')[0];
}

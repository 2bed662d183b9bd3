using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Method and URL of a request to a route. Paths of files are query parameters, because dot segments of a URL path are resolved on the way.</summary>
internal sealed class RequestAddress
{
    private readonly string _url;

    /// <summary>Starts an address.</summary>
    /// <param name="route">The route.</param>
    /// <param name="ids">The values of the route's parameters. They are checked; valid ones need no escaping.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> for an invalid id.</exception>
    public RequestAddress(ApiRoute route, params string[] ids)
        : this(HttpMethod.Parse(route.Methods[0]), route.PathOf([.. ids.Select((id, index) => Identifier.Require(id, Kind(route, index)))]))
    {
    }

    private RequestAddress(HttpMethod method, string url) => (Method, _url) = (method, url);

    /// <summary>The HTTP method.</summary>
    public HttpMethod Method { get; }

    /// <summary>Returns the address with another method.</summary>
    /// <param name="method">The method.</param>
    public RequestAddress With(HttpMethod method) => new(method, _url);

    /// <summary>Returns the address with one more query parameter; null is omitted.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public RequestAddress With(string name, string? value) => value is null ? this
        : new(Method, $"{_url}{(_url.Contains('?') ? '&' : '?')}{name}={PathText.Escape(value).Replace("%2C", ",", StringComparison.Ordinal)}");

    /// <inheritdoc cref="With(string, string?)"/>
    public RequestAddress With(string name, bool value) => With(name, value ? "true" : "false");

    /// <inheritdoc cref="With(string, string?)"/>
    public RequestAddress With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public override string ToString() => _url;

    private static string Kind(ApiRoute route, int index) => index == 0 ? "sandbox" : route.Template.Split('{')[index + 1].Split('}')[0];
}

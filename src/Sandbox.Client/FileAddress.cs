using System.Globalization;
using System.Text;
using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>Builds the URL of a file route. Paths are query parameters, because dot segments of a URL path are resolved on the way.</summary>
internal sealed class FileAddress
{
    private readonly string _text;

    /// <summary>Starts a URL.</summary>
    /// <param name="sandbox">The sandbox's address.</param>
    /// <param name="route">The route's name.</param>
    /// <param name="path">The path; null for a route without.</param>
    public FileAddress(string sandbox, string route, string? path)
        : this($"{sandbox}/{route}{(path is null ? "" : $"?path={PathText.Escape(path)}")}")
    {
    }

    private FileAddress(string text) => _text = text;

    /// <summary>Returns the URL with one more parameter; null and false are omitted.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    public FileAddress With(string name, string? value) =>
        value is null
            ? this
            : new(new StringBuilder(_text).Append(_text.Contains('?') ? '&' : '?').Append(name).Append('=').Append(PathText.Escape(value)).ToString());

    /// <inheritdoc cref="With(string, string?)"/>
    public FileAddress With(string name, bool value) => With(name, value ? "true" : "false");

    /// <inheritdoc cref="With(string, string?)"/>
    public FileAddress With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    /// <inheritdoc />
    public override string ToString() => _text;
}

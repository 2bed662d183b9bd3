using Microsoft.AspNetCore.Http.Features;
using Sandbox.Agent.Files;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Which path a request means. Paths are any bytes, so they are read from the request as it was sent, not from the framework's text.</summary>
internal static class RequestPath
{
    private const string Prefix = "/v1/sandbox/";

    /// <summary>The path of a route like <c>…/file/{path}</c>, which is absolute, or of <c>…/file?path=</c>, which may be relative to the session's directory.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">Whose sessions count.</param>
    /// <param name="route">The route's name: <c>file</c>.</param>
    public static string Of(HttpContext context, AgentComposition services, string route)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        string begin = $"/{route}/";
        int question = target.IndexOf('?', StringComparison.Ordinal);
        ReadOnlySpan<char> path = question < 0 ? target : target.AsSpan(0, question);
        int id = path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..].IndexOf('/') : -1;
        if (id > 0 && path[(Prefix.Length + id)..] is var rest && rest.StartsWith(begin, StringComparison.Ordinal) && rest.Length > begin.Length)
        {
            return SandboxPath.Absolute("/" + PathText.Unescape(rest[begin.Length..]), "/");
        }

        return Query(context, services, "path");
    }

    /// <summary>The path in a query, absolute or relative to the session's directory.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">Whose sessions count.</param>
    /// <param name="name">The parameter.</param>
    public static string Query(HttpContext context, AgentComposition services, string name) =>
        TryQuery(context, services, name) ?? throw new ApiException(ErrorCodes.InvalidRequest, $"The request names no file: '{name}' is missing or empty.");

    /// <summary>The path in a query, absolute or relative to the session's directory; null when it is not there.</summary>
    /// <inheritdoc cref="Query"/>
    public static string? TryQuery(HttpContext context, AgentComposition services, string name) =>
        Text(context, name) is { Length: > 0 } path ? SandboxPath.Absolute(path, Directory(context, services)) : null;

    /// <summary>A parameter of the query that may hold any bytes; null when it is not there.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The parameter.</param>
    public static string? Text(HttpContext context, string name) => Texts(context, name).FirstOrDefault();

    /// <summary>All values of a parameter that may hold any bytes.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The parameter.</param>
    public static IEnumerable<string> Texts(HttpContext context, string name)
    {
        string query = context.Request.QueryString.Value ?? "";
        return query.TrimStart('?').Split('&')
            .Where(part => part.StartsWith(name, StringComparison.Ordinal) && part.AsSpan(name.Length).StartsWith("="))
            .Select(part => PathText.Unescape(part[(name.Length + 1)..].Replace('+', ' ')));
    }

    /// <summary>The directory that relative paths of a request start from.</summary>
    /// <param name="context">The request.</param>
    /// <param name="services">Whose sessions count.</param>
    public static string Directory(HttpContext context, AgentComposition services) =>
        services.Sessions.Find(context.SessionId()) is { } session ? session.WorkingDirectory : services.Paths.Workspace;

    /// <summary>A parameter that is true or false.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="whenAbsent">What is meant without it.</param>
    public static bool Flag(HttpContext context, string name, bool whenAbsent = false) => context.Request.Query[name].ToString() switch
    {
        "" => whenAbsent,
        "true" => true,
        "false" => false,
        _ => throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is 'true' or 'false'."),
    };

    /// <summary>A parameter that is a number; null when it is not there.</summary>
    /// <param name="context">The request.</param>
    /// <param name="name">The parameter.</param>
    /// <param name="smallest">The smallest it may be.</param>
    public static long? Number(HttpContext context, string name, long smallest = 0) => context.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out long number) && number >= smallest => number,
        _ => throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is a whole number{(smallest == 0 ? " of 0 or more" : "")}."),
    };

    /// <summary>The permissions that a request wishes for, octal; null when it does not.</summary>
    /// <param name="context">The request.</param>
    public static UnixFileMode? Mode(HttpContext context)
    {
        string text = context.Request.Query["mode"].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        const int largest = 0xfff;
        return text.Length <= 5 && text.All(digit => digit is >= '0' and <= '7') && Convert.ToInt32(text, 8) is var mode and <= largest
            ? (UnixFileMode)mode
            : throw new ApiException(ErrorCodes.InvalidRequest, "'mode' is octal: '0644'.");
    }

    /// <summary>The time of modification that a request wishes for; null when it does not.</summary>
    /// <param name="context">The request.</param>
    public static DateTimeOffset? ModifiedAt(HttpContext context) => context.Request.Query["modifiedAt"].ToString() switch
    {
        "" => null,
        var text when DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset time) => time,
        _ => throw new ApiException(ErrorCodes.InvalidRequest, "'modifiedAt' is a time as ISO 8601 has it: '2001-02-03T04:05:06.789Z'."),
    };
}

using System.Globalization;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Values of a request outside its body.</summary>
internal static class RequestValues
{
    /// <summary>Gets the session that a request names in its header; null when it names none.</summary>
    public static string? SessionId(this HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.SessionId, out var values) ? values.ToString() : null;

    /// <summary>Gets the id that a request chooses for what it starts, or generates one.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static string ProcessId(this HttpContext context) =>
        context.Request.Headers.TryGetValue(ApiHeaders.ProcessId, out var given) ? Identifier.Require(given.ToString(), "process") : Identifier.Generate();

    /// <summary>Gets a part of the path by its name in the route.</summary>
    public static string RouteValue(this HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    /// <summary>Gets a query parameter.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public static T Query<T>(this HttpContext context, string name, T whenAbsent, QueryParser<T> parser, string expected)
    {
        string text = context.Request.Query[name].ToString();
        if (text.Length == 0)
        {
            return whenAbsent;
        }

        return parser(text, out T? value) ? value! : throw new ApiException(ErrorCodes.InvalidRequest, $"'{name}' is '{text}'. Use {expected}.");
    }

    public static bool QueryFlag(this HttpContext context, string name, bool whenAbsent = false) =>
        context.Query(name, whenAbsent, bool.TryParse, "'true' or 'false'");

    /// <summary>Gets a whole number of the query; null when it is absent.</summary>
    public static long? QueryNumber(this HttpContext context, string name, long minimum = 0) => context.Query<long?>(
        name,
        null,
        (string text, out long? value) =>
        {
            bool isValid = long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= minimum;
            value = number;
            return isValid;
        },
        minimum == 0 ? "a whole number of 0 or more" : "a whole number");

    /// <summary>Gets permissions of the query, which are octal; null when they are absent.</summary>
    public static UnixFileMode? QueryMode(this HttpContext context) => context.Query<UnixFileMode?>(
        "mode",
        null,
        static (string text, out UnixFileMode? mode) =>
        {
            const int largest = 0xfff;
            bool isOctal = text.Length <= 5 && text.All(digit => digit is >= '0' and <= '7');
            mode = isOctal ? (UnixFileMode)Convert.ToInt32(text, 8) : null;
            return isOctal && (int)mode! <= largest;
        },
        "octal permissions, such as '0644'");

    /// <summary>Gets a time of modification of the query; null when it is absent.</summary>
    public static DateTimeOffset? QueryModifiedAt(this HttpContext context) => context.Query<DateTimeOffset?>(
        "modifiedAt",
        null,
        static (string text, out DateTimeOffset? time) =>
        {
            bool isValid = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset value);
            time = value;
            return isValid;
        },
        "a time in the form of ISO 8601, such as '2001-02-03T04:05:06.789Z'");

    /// <summary>Gets a query parameter that may hold any bytes, in the form of <see cref="PathText"/>; null when it is absent.</summary>
    public static string? QueryText(this HttpContext context, string name) => context.QueryTexts(name).FirstOrDefault();

    /// <summary>Gets all values of a query parameter that may hold any bytes.</summary>
    public static IEnumerable<string> QueryTexts(this HttpContext context, string name)
    {
        string query = context.Request.QueryString.Value ?? "";
        return query.TrimStart('?').Split('&')
            .Where(part => part.StartsWith(name, StringComparison.Ordinal) && part.AsSpan(name.Length).StartsWith("="))
            .Select(part => PathText.Unescape(part[(name.Length + 1)..].Replace('+', ' ')));
    }
}

internal delegate bool QueryParser<T>(string text, out T value);

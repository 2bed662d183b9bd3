namespace Sandbox.Protocol;

/// <summary>
/// The target of a request (RFC 9112, section 3.2) as the client sent it. Server and agent both route on it, so that no encoding and no <c>..</c>
/// can mean one sandbox to the one and another to the other.
/// </summary>
public static class RequestTarget
{
    // Sandbox and route: "/v1/sandbox/{id}/{route}".
    private const int RoutedSegments = 4;

    /// <summary>Returns the path of a target, percent-encoded as it was sent.</summary>
    /// <param name="target">The target as it was sent.</param>
    /// <param name="decodedPath">The path that the web server made of it, without <c>.</c> and <c>..</c>.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>: the two name different sandboxes or routes,
    /// or it has control characters.</exception>
    public static string PathOf(string target, string decodedPath)
    {
        string path = PathAndQuery(target);
        int question = path.IndexOf('?', StringComparison.Ordinal);
        path = question < 0 ? path : path[..question];
        return target.AsSpan().ContainsAnyInRange('\0', '\x1f') || Routed(path) != Routed(decodedPath)
            ? throw new ApiException(ErrorCodes.InvalidRequest,
                "The address is ambiguous: '.', '..', '%' and control characters cannot be part of a sandbox's id or a route. "
                + "Give a path of a file as '?path='.")
            : path;
    }

    // The absolute form is "http://host/path".
    private static string PathAndQuery(string target)
    {
        int host = target.IndexOf("://", StringComparison.Ordinal);
        int slash = target.StartsWith('/') ? 0 : host < 0 ? -1 : target.IndexOf('/', host + 3);
        return slash < 0 ? "/" : target[slash..];
    }

    private static string Routed(string path)
    {
        int end = 0;
        for (int i = 0; i < RoutedSegments; i++)
        {
            int next = end < path.Length ? path.IndexOf('/', end + 1) : -1;
            end = next < 0 ? path.Length : next;
        }

        return path[..end];
    }
}

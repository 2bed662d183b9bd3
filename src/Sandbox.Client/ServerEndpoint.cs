using Sandbox.Protocol;

namespace Sandbox.Client;

/// <summary>The address of a server: <c>unix:/path/to/socket</c>, or <c>http(s)://host:port</c>.</summary>
public sealed class ServerEndpoint
{
    private const string UnixScheme = "unix:";

    private ServerEndpoint(string text, string? socketPath, Uri baseAddress) =>
        (Text, SocketPath, BaseAddress) = (text, socketPath, baseAddress);

    /// <summary>The canonical address, used in output objects.</summary>
    public string Text { get; }

    /// <summary>Whether it is a local Unix socket.</summary>
    public bool IsLocal => SocketPath is not null;

    internal string? SocketPath { get; }

    /// <summary>The user whose process must listen at the socket; null for this process's user.</summary>
    internal uint? Owner { get; init; }

    internal Uri BaseAddress { get; }

    /// <summary>Parses an address.</summary>
    /// <param name="text">The address.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is none.</exception>
    public static ServerEndpoint Parse(string text)
    {
        if (text.StartsWith(UnixScheme, StringComparison.Ordinal) && Path.IsPathRooted(text.AsSpan(UnixScheme.Length)))
        {
            // The host of a request over a socket is never looked up.
            return new(text, text[UnixScheme.Length..], new Uri("http://sandbox/"));
        }

        // A user name or password in an address would end up in messages: refused.
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
            && uri.Query.Length == 0 && uri.Fragment.Length == 0)
        {
            string trimmed = uri.AbsoluteUri.TrimEnd('/');
            return new(trimmed, null, new Uri(trimmed + "/"));
        }

        throw new ApiException(ErrorCodes.InvalidRequest,
            "The server's address must be 'unix:/path/to/socket', 'http://host:port' or 'https://host:port', without a user name or password.");
    }

    /// <summary>Returns the endpoint of a socket at which a process of another user listens.</summary>
    /// <param name="user">That user.</param>
    internal ServerEndpoint OwnedBy(uint user) => new(Text, SocketPath, BaseAddress) { Owner = user };

    /// <inheritdoc />
    public override string ToString() => Text;
}

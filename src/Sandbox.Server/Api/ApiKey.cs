using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Sandbox.Protocol;

namespace Sandbox.Server.Api;

/// <summary>Authorizes requests: whoever can open the Unix socket needs no key; TCP requests need it. Only the key's hash is kept.</summary>
internal sealed class ApiKey
{
    /// <summary>The environment variable that contains the key.</summary>
    public const string Variable = "SANDBOX_API_KEY";

    private const string Scheme = "Bearer ";
    private readonly byte[]? _hash;

    /// <param name="key">The key; without one all TCP requests are refused.</param>
    public ApiKey(string? key) => _hash = string.IsNullOrEmpty(key) ? null : HashOf(key);

    /// <summary>Returns whether a request came over the server's own socket.</summary>
    public static bool IsLocal(HttpContext context) =>
        context.Features.Get<LocalConnection>() is not null;

    /// <summary>Marks connections that need no key.</summary>
    public static ConnectionDelegate MarkLocal(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(LocalConnection.Instance);
        return next(connection);
    };

    /// <summary>Throws for a request without authorization.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.Unauthorized"/>.</exception>
    public void Require(HttpContext context)
    {
        if (IsLocal(context))
        {
            return;
        }

        string header = context.Request.Headers.Authorization.ToString();
        bool hasScheme = header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);
        byte[] given = HashOf(hasScheme ? header[Scheme.Length..].Trim() : "");
        if (_hash is null || !hasScheme || !CryptographicOperations.FixedTimeEquals(given, _hash))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            throw new ApiException(ErrorCodes.Unauthorized, hasScheme
                ? "The API key is wrong."
                : "This server requires an API key.");
        }
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed class LocalConnection
    {
        public static readonly LocalConnection Instance = new();
    }
}

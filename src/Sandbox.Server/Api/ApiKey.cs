using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Sandbox.Protocol;

namespace Sandbox.Server.Api;

/// <summary>Who may call: over the Unix socket whoever can open it, over TCP whoever has the key. The key is kept as a hash and shown nowhere.</summary>
internal sealed class ApiKey
{
    /// <summary>The variable that holds the key.</summary>
    public const string Variable = "SANDBOX_API_KEY";

    private const string Scheme = "Bearer ";
    private readonly byte[]? _hash;

    /// <summary>Takes the key.</summary>
    /// <param name="key">The key; without one nobody may call over TCP.</param>
    public ApiKey(string? key) => _hash = string.IsNullOrEmpty(key) ? null : HashOf(key);

    /// <summary>Whether a request came over the server's own socket.</summary>
    /// <param name="context">The request.</param>
    public static bool IsLocal(HttpContext context) =>
        context.Features.Get<LocalConnection>() is not null;

    /// <summary>Marks the connections of a listener as such that need no key.</summary>
    /// <param name="next">Serves a connection.</param>
    public static ConnectionDelegate MarkLocal(ConnectionDelegate next) => connection =>
    {
        connection.Features.Set(LocalConnection.Instance);
        return next(connection);
    };

    /// <summary>Refuses a request that may not be made.</summary>
    /// <param name="context">The request.</param>
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
                : "This server wants an API key: send the header 'Authorization: Bearer <key>'.");
        }
    }

    private static byte[] HashOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private sealed class LocalConnection
    {
        public static readonly LocalConnection Instance = new();
    }
}

using System.Buffers;
using System.Security.Cryptography;

namespace Sandbox.Protocol;

/// <summary>Validation of ids of sandboxes, sessions and processes: 1 to 128 letters, digits, <c>.</c>, <c>_</c>, <c>-</c>, not starting with <c>.</c> or
/// <c>-</c>.</summary>
public static class Identifier
{
    private const int MaximumLength = 128;
    private const int GeneratedLength = 12;

    // The alphabet of generated ids: base32 as Cloudflare's bridge takes it for sandboxes.
    private const string GeneratedAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether the id is valid.</summary>
    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= MaximumLength } && id[0] is not ('.' or '-') && !id.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Returns the id if it is valid.</summary>
    /// <param name="kind">What the id identifies, for the message: <c>session</c>.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is not valid.</exception>
    public static string Require(string? id, string kind) => IsValid(id)
        ? id!
        : throw new ApiException(ErrorCodes.InvalidRequest,
            $"'{Shorten(id)}' is not a {kind} id. Use 1 to {MaximumLength} letters, digits, '.', '_' or '-', not starting with '.' or '-'.");

    /// <summary>Generates a random id of 60 bits.</summary>
    public static string Generate() => RandomNumberGenerator.GetString(GeneratedAlphabet, GeneratedLength);

    private static string Shorten(string? text) => text is { Length: > 60 } ? text[..60] + "…" : text ?? "";
}

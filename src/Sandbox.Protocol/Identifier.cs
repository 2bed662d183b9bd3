using System.Buffers;
using System.Security.Cryptography;

namespace Sandbox.Protocol;

/// <summary>The rule for ids of sandboxes, sessions and processes: 1 to 128 of letters, digits, <c>.</c>, <c>_</c>, <c>-</c>, not starting with <c>.</c> or
/// <c>-</c>.</summary>
public static class Identifier
{
    private const int MaximumLength = 128;
    private const int GeneratedLength = 12;

    // The alphabet of generated ids: base32 as Cloudflare's bridge takes it for sandboxes.
    private const string GeneratedAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether the text is a valid id.</summary>
    /// <param name="id">The text.</param>
    public static bool IsValid(string? id) =>
        id is { Length: > 0 and <= MaximumLength } && id[0] is not ('.' or '-') && !id.AsSpan().ContainsAnyExcept(Allowed);

    /// <summary>Returns a valid id as it is.</summary>
    /// <param name="id">The text.</param>
    /// <param name="kind">What it names, for the message: <c>session</c>.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/> when it is not one.</exception>
    public static string Require(string? id, string kind) => IsValid(id)
        ? id!
        : throw new ApiException(ErrorCodes.InvalidRequest,
            $"'{Shorten(id)}' is not a {kind} id. Use 1 to {MaximumLength} letters, digits, '.', '_' or '-', not starting with '.' or '-'.");

    /// <summary>A new random id of 60 bits.</summary>
    public static string Generate() => RandomNumberGenerator.GetString(GeneratedAlphabet, GeneratedLength);

    private static string Shorten(string? text) => text is { Length: > 60 } ? text[..60] + "…" : text ?? "";
}

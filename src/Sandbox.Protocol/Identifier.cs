using System.Buffers;
using System.Buffers.Binary;

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
    /// <remarks>From a GUID, which .NET draws from the kernel: its cryptographic generator would load OpenSSL into every agent, milliseconds of its
    /// start.</remarks>
    public static string Generate()
    {
        Span<byte> guid = stackalloc byte[16];
        Guid.NewGuid().TryWriteBytes(guid);

        // All but the two highest bits of the second half are random (RFC 9562, version 4).
        return string.Create(GeneratedLength, BinaryPrimitives.ReadUInt64BigEndian(guid[8..]), static (id, bits) =>
        {
            for (int i = 0; i < id.Length; i++)
            {
                id[i] = GeneratedAlphabet[(int)(bits & 31)];
                bits >>= 5;
            }
        });
    }

    private static string Shorten(string? text) => text is { Length: > 60 } ? text[..60] + "…" : text ?? "";
}

using System.Text.Json;

namespace Sandbox.Protocol;

/// <summary>Rejects request fields that this version does not support.</summary>
public static class RequestFields
{
    /// <summary>Throws for unknown fields of a request.</summary>
    /// <param name="unknown">The request's extension data.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.Unsupported"/> with the first such field.</exception>
    public static void RejectUnknownFields(IReadOnlyDictionary<string, JsonElement>? unknown)
    {
        foreach (string name in unknown?.Keys ?? [])
        {
            throw Unsupported(name);
        }
    }

    /// <summary>Creates the error for a field that is not supported.</summary>
    /// <param name="field">The field.</param>
    /// <param name="description">What it asks for, in words; null for a field that nobody knows.</param>
    public static ApiException Unsupported(string field, string? description = null) => new(
        ErrorCodes.Unsupported,
        $"This server does not support {description ?? $"'{field}'"}. Leave it out, or use a server that lists it among its capabilities.") { Field = field };
}

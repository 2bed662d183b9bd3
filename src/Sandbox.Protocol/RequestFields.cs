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
    /// <param name="name">The field.</param>
    public static ApiException Unsupported(string name) =>
        new(ErrorCodes.Unsupported, $"This server does not support '{name}'. Leave it out, or use a server that lists it among its capabilities.");
}

using System.Text.Json;

namespace Sandbox.Protocol;

/// <summary>Refuses request fields that this release cannot honour, so that nothing is accepted and ignored.</summary>
public static class RequestFields
{
    /// <summary>Throws when a request had fields nobody knows.</summary>
    /// <param name="unknown">The request's extension data.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.Unsupported"/> naming the first such field.</exception>
    public static void RejectUnknownFields(IReadOnlyDictionary<string, JsonElement>? unknown)
    {
        foreach (string name in unknown?.Keys ?? [])
        {
            throw Unsupported(name);
        }
    }

    /// <summary>The failure for a field that is known but cannot be honoured.</summary>
    /// <param name="name">The field.</param>
    public static ApiException Unsupported(string name) =>
        new(ErrorCodes.Unsupported, $"This server does not support '{name}'. Leave it out, or use a server that lists it among its capabilities.");
}

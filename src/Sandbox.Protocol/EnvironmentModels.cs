using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Response of <c>GET …/env</c>.</summary>
/// <param name="Env">The variables. A secret is null without <c>?reveal=true</c>.</param>
/// <param name="Secrets">The names of the secrets.</param>
public sealed record EnvironmentState(IReadOnlyDictionary<string, string?> Env, IReadOnlyList<string> Secrets);

/// <summary>Body of <c>PATCH …/env</c>: null values unset variables.</summary>
public sealed record EnvironmentPatch
{
    /// <summary>Variables to set, or to unset with null.</summary>
    public Dictionary<string, string?>? Env { get; init; }

    /// <summary>Variables to set that are masked wherever they are shown.</summary>
    public Dictionary<string, string?>? SecretEnv { get; init; }

    /// <summary>Unknown fields, which are rejected.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

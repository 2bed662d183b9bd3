using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>Variables of a request; null unsets one.</summary>
internal readonly record struct EnvironmentChanges(IReadOnlyDictionary<string, string?>? Env, IReadOnlyDictionary<string, string?>? SecretEnv)
{
    private static readonly IReadOnlyDictionary<string, string?> Nothing = new Dictionary<string, string?>();

    /// <summary>All changes in the order in which they apply.</summary>
    public IEnumerable<(string Name, string? Value, bool IsSecret)> All =>
        (Env ?? Nothing).Select(pair => (pair.Key, pair.Value, false)).Concat((SecretEnv ?? Nothing).Select(pair => (pair.Key, pair.Value, true)));

    /// <summary>Checks all names and values.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public EnvironmentChanges Validated()
    {
        VariableName.RequireAll(Env);
        VariableName.RequireAll(SecretEnv);
        return this;
    }

    public Dictionary<string, string?> ToDictionary()
    {
        Dictionary<string, string?> all = new(StringComparer.Ordinal);
        foreach ((string name, string? value, _) in All)
        {
            all[name] = value;
        }

        return all;
    }

    /// <summary>The same without unset variables: those count for nothing when something is created.</summary>
    public EnvironmentChanges WithoutNulls() => new(WithoutNulls(Env), WithoutNulls(SecretEnv));

    private static Dictionary<string, string?>? WithoutNulls(IReadOnlyDictionary<string, string?>? part) =>
        part?.Where(pair => pair.Value is not null).ToDictionary();
}

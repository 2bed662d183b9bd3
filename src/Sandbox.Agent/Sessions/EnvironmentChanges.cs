namespace Sandbox.Agent.Sessions;

/// <summary>Plain and secret variables as a request carries them.</summary>
/// <param name="Env">Plain ones.</param>
/// <param name="SecretEnv">Secret ones; they win.</param>
internal readonly record struct EnvironmentChanges(IReadOnlyDictionary<string, string?>? Env, IReadOnlyDictionary<string, string?>? SecretEnv)
{
    /// <summary>Both together; null means unset.</summary>
    public Dictionary<string, string?> ToDictionary()
    {
        Dictionary<string, string?> all = new(StringComparer.Ordinal);
        foreach (IReadOnlyDictionary<string, string?>? part in (IReadOnlyDictionary<string, string?>?[])[Env, SecretEnv])
        {
            foreach ((string name, string? value) in part ?? new Dictionary<string, string?>())
            {
                all[name] = value;
            }
        }

        return all;
    }

    /// <summary>The same without variables that have no value: what counts when something is made.</summary>
    public EnvironmentChanges WithoutNulls() => new(Set(Env), Set(SecretEnv));

    private static Dictionary<string, string?>? Set(IReadOnlyDictionary<string, string?>? part) =>
        part?.Where(pair => pair.Value is not null).ToDictionary();
}

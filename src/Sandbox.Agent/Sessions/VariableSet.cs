using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>Variables in layers, and which of them are secret. It never changes.</summary>
internal sealed class VariableSet
{
    private readonly Dictionary<string, string> values;
    private readonly HashSet<string> secrets;

    /// <summary>Creates a set.</summary>
    /// <param name="values">Its variables.</param>
    /// <param name="secrets">The names of those that are secret.</param>
    public VariableSet(IEnumerable<KeyValuePair<string, string>> values, IEnumerable<string> secrets)
    {
        this.values = new Dictionary<string, string>(values, StringComparer.Ordinal);
        this.secrets = new HashSet<string>(secrets, StringComparer.Ordinal);
    }

    /// <summary>The variables.</summary>
    public IReadOnlyDictionary<string, string> Values => values;

    /// <summary>The names of the secret ones.</summary>
    public IReadOnlySet<string> Secrets => secrets;

    /// <summary>Whether another set holds the same.</summary>
    /// <param name="other">The other set.</param>
    public bool HasSameValuesAs(VariableSet other) =>
        values.Count == other.values.Count && values.All(pair => other.values.TryGetValue(pair.Key, out string? value) && value == pair.Value);

    /// <summary>This set with a layer on top: null removes.</summary>
    /// <param name="env">Plain variables.</param>
    /// <param name="secretEnv">Secret ones.</param>
    public VariableSet With(IReadOnlyDictionary<string, string?>? env, IReadOnlyDictionary<string, string?>? secretEnv)
    {
        VariableSet result = new(values, secrets);
        foreach ((string name, string? value) in env ?? new Dictionary<string, string?>())
        {
            result.Change(name, value, isSecret: false);
        }

        foreach ((string name, string? value) in secretEnv ?? new Dictionary<string, string?>())
        {
            result.Change(name, value, isSecret: true);
        }

        return result;
    }

    /// <summary>This set with changed values; what is secret stays so. Null removes.</summary>
    /// <param name="changes">The changes.</param>
    public VariableSet WithValues(IReadOnlyCollection<KeyValuePair<string, string?>> changes)
    {
        if (changes.Count == 0)
        {
            return this;
        }

        VariableSet result = new(values, secrets);
        foreach ((string name, string? value) in changes)
        {
            result.Change(name, value, secrets.Contains(name));
        }

        return result;
    }

    /// <summary>The wire form.</summary>
    /// <param name="reveal">Whether secret values are shown.</param>
    public EnvironmentState ToState(bool reveal) => new(
        values.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(pair => pair.Key, pair => secrets.Contains(pair.Key) && !reveal ? null : pair.Value),
        [.. secrets.Where(values.ContainsKey).Order(StringComparer.Ordinal)]);

    private void Change(string name, string? value, bool isSecret)
    {
        if (value is null)
        {
            values.Remove(name);
            secrets.Remove(name);
            return;
        }

        values[name] = value;
        if (isSecret)
        {
            secrets.Add(name);
        }
        else
        {
            secrets.Remove(name);
        }
    }
}

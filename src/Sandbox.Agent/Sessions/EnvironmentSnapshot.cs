using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>Variables in layers, and which of them are secret. It never changes.</summary>
internal sealed class EnvironmentSnapshot
{
    private readonly Dictionary<string, string> _values;
    private readonly HashSet<string> _secrets;

    /// <summary>Creates a set.</summary>
    /// <param name="values">Its variables.</param>
    /// <param name="secrets">The names of those that are secret.</param>
    public EnvironmentSnapshot(IEnumerable<KeyValuePair<string, string>> values, IEnumerable<string> secrets)
    {
        _values = new Dictionary<string, string>(values, StringComparer.Ordinal);
        _secrets = new HashSet<string>(secrets, StringComparer.Ordinal);
    }

    /// <summary>The variables.</summary>
    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The names of the secret ones.</summary>
    public IReadOnlySet<string> Secrets => _secrets;

    /// <summary>Whether another set holds the same.</summary>
    /// <param name="other">The other set.</param>
    public bool HasSameValuesAs(EnvironmentSnapshot other) =>
        _values.Count == other._values.Count && _values.All(pair => other._values.TryGetValue(pair.Key, out string? value) && value == pair.Value);

    /// <summary>This set with a layer on top: null removes.</summary>
    /// <param name="env">Plain variables.</param>
    /// <param name="secretEnv">Secret ones.</param>
    public EnvironmentSnapshot With(IReadOnlyDictionary<string, string?>? env, IReadOnlyDictionary<string, string?>? secretEnv)
    {
        EnvironmentSnapshot result = new(_values, _secrets);
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
    public EnvironmentSnapshot WithValues(IReadOnlyCollection<KeyValuePair<string, string?>> changes)
    {
        if (changes.Count == 0)
        {
            return this;
        }

        EnvironmentSnapshot result = new(_values, _secrets);
        foreach ((string name, string? value) in changes)
        {
            result.Change(name, value, _secrets.Contains(name));
        }

        return result;
    }

    /// <summary>The wire form.</summary>
    /// <param name="reveal">Whether secret values are shown.</param>
    public EnvironmentState ToState(bool reveal) => new(
        _values.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(pair => pair.Key, pair => _secrets.Contains(pair.Key) && !reveal ? null : pair.Value),
        [.. _secrets.Where(_values.ContainsKey).Order(StringComparer.Ordinal)]);

    private void Change(string name, string? value, bool isSecret)
    {
        if (value is null)
        {
            _values.Remove(name);
            _secrets.Remove(name);
            return;
        }

        _values[name] = value;
        if (isSecret)
        {
            _secrets.Add(name);
        }
        else
        {
            _secrets.Remove(name);
        }
    }
}

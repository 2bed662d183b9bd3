using Sandbox.Agent.Shells;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>An immutable set of variables, some of which are secret.</summary>
internal sealed class EnvironmentSnapshot(IEnumerable<KeyValuePair<string, string>> values, IEnumerable<string> secrets)
{
    /// <summary>The most characters that names and values have together.</summary>
    public const int MaximumLength = StatusReportReader.MaximumVariables;

    private readonly Dictionary<string, string> _values = new(values, StringComparer.Ordinal);
    private readonly HashSet<string> _secrets = new(secrets, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The names of the secret variables.</summary>
    public IReadOnlySet<string> Secrets => _secrets;

    /// <summary>Creates the error for variables that are larger than <see cref="MaximumLength"/>.</summary>
    public static ApiException TooLarge() => new(
        ErrorCodes.EnvironmentTooLarge,
        $"The environment variables are larger than {MaximumLength / 1024 / 1024} MB together. They are neither returned nor saved.");

    /// <exception cref="ApiException"><see cref="ErrorCodes.EnvironmentTooLarge"/>.</exception>
    public EnvironmentSnapshot RequireLength() =>
        _values.Sum(pair => (long)pair.Key.Length + pair.Value.Length) <= MaximumLength ? this : throw TooLarge();

    public bool HasSameValuesAs(EnvironmentSnapshot other) =>
        _values.Count == other._values.Count && _values.All(pair => other._values.TryGetValue(pair.Key, out string? value) && value == pair.Value);

    public EnvironmentSnapshot With(EnvironmentChanges changes)
    {
        EnvironmentSnapshot result = new(_values, _secrets);
        foreach ((string name, string? value, bool isSecret) in changes.All)
        {
            result.Change(name, value, isSecret);
        }

        return result;
    }

    /// <summary>Applies changes that keep what is secret. A null value unsets.</summary>
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
    /// <param name="reveal">Whether secret values are included.</param>
    public EnvironmentState ToState(bool reveal) => new(
        _values.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(pair => pair.Key, pair => _secrets.Contains(pair.Key) && !reveal ? null : pair.Value),
        [.. _secrets.Where(_values.ContainsKey).Order(StringComparer.Ordinal)]);

    private void Change(string name, string? value, bool isSecret)
    {
        if (value is null)
        {
            _values.Remove(name);
        }
        else
        {
            _values[name] = value;
        }

        if (value is not null && isSecret)
        {
            _secrets.Add(name);
        }
        else
        {
            _secrets.Remove(name);
        }
    }
}

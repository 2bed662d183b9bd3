using Sandbox.Agent.Shells;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The state of a session's shell: the directory and variables it reported last, and changes that are pending until the next command.</summary>
/// <remarks>The session's lock guards it.</remarks>
internal sealed class ShellState
{
    private readonly Dictionary<string, string?> _pending = new(StringComparer.Ordinal);
    private EnvironmentSnapshot _variables;
    private (IReadOnlyDictionary<string, string>? Exports, EnvironmentSnapshot? Variables) _reported;
    private string _savedDirectory;
    private bool _isSaved = true;

    public ShellState(SessionRecord record)
    {
        Directory = _savedDirectory = record.Cwd;
        _variables = new EnvironmentSnapshot(record.Variables, record.Secrets);
    }

    public string Directory { get; private set; }

    /// <summary>What <c>cd -</c> would go to; empty when there is none.</summary>
    public string PreviousDirectory { get; private set; } = "";

    /// <summary>Whether the shell has more variables than are kept; the others are those of the report before.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>The pending changes; null unsets.</summary>
    public IReadOnlyDictionary<string, string?> Pending => _pending;

    /// <summary>The variables with the pending changes.</summary>
    public EnvironmentSnapshot Variables => _variables.WithValues(_pending);

    /// <summary>Sets or unsets variables before the next command.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.EnvironmentTooLarge"/>; then nothing was changed.</exception>
    public void Change(EnvironmentChanges changes)
    {
        _ = Variables.With(changes).RequireLength();
        foreach ((string name, string? value) in changes.ToDictionary())
        {
            _pending[name] = value;
        }

        _variables = new EnvironmentSnapshot(_variables.Values, _variables.Secrets
            .Except((changes.Env ?? new Dictionary<string, string?>()).Keys)
            .Union((changes.SecretEnv ?? new Dictionary<string, string?>()).Keys));
    }

    /// <summary>Applies the pending changes: the shell takes them over with a command.</summary>
    public void Begin(EnvironmentChanges ownVariables, IReadOnlyDictionary<string, string?> previous)
    {
        _variables = Variables;
        _pending.Clear();
        foreach ((string name, string? value) in ownVariables.ToDictionary())
        {
            // A variable that is unset for this command alone is restored before the next one.
            if (value is null && previous[name] is { } back)
            {
                _pending[name] = back;
            }
        }
    }

    /// <summary>Restores variables of a command whose shell saved them in its state.</summary>
    public void PutBack(IReadOnlyDictionary<string, string?> previous)
    {
        foreach ((string name, string? value) in previous)
        {
            _pending.TryAdd(name, value);
        }
    }

    public void Apply(StatusReport report)
    {
        // A field that was too long is empty: no directory has such a path.
        if (report.Directory.Length > 0)
        {
            (Directory, PreviousDirectory) = (report.Directory, report.PreviousDirectory);
        }
    }

    /// <summary>Applies the variables that the shell reported.</summary>
    /// <param name="exports">The variables; null when they are too large.</param>
    /// <returns>Whether the state equals the saved one.</returns>
    public bool Apply(IReadOnlyDictionary<string, string>? exports)
    {
        IsTooLarge = exports is null;
        _isSaved &= Directory == _savedDirectory;
        if (exports is not null && _reported != (exports, _variables))
        {
            EnvironmentSnapshot now = new(exports, _variables.Secrets);
            _isSaved &= now.HasSameValuesAs(_variables);
            _variables = now;
            _reported = (exports, now);
        }

        return _isSaved;
    }

    /// <summary>Creates the script that brings a freshVariables shell into this state.</summary>
    public string EnterScript(IReadOnlyDictionary<string, string> freshVariables)
    {
        IEnumerable<KeyValuePair<string, string?>> set = _variables.Values
            .Where(pair => pair.Key is not ("PWD" or "OLDPWD" or "SHLVL") && freshVariables.GetValueOrDefault(pair.Key) != pair.Value)
            .Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value));
        IEnumerable<KeyValuePair<string, string?>> unset = freshVariables.Keys
            .Where(name => !_variables.Values.ContainsKey(name))
            .Select(name => KeyValuePair.Create(name, (string?)null));
        return ShellScripts.Enter(Directory, PreviousDirectory, set.Concat(unset));
    }

    /// <summary>Creates the record to save now.</summary>
    public SessionRecord ToRecord(Session session)
    {
        _isSaved = true;
        _savedDirectory = Directory;
        EnvironmentSnapshot now = Variables;
        return new SessionRecord
        {
            Id = session.Id,
            CreatedAt = session.CreatedAt,
            CommandTimeoutMs = session.CommandTimeoutMs,
            Cwd = Directory,
            Variables = new Dictionary<string, string>(now.Values),
            Secrets = [.. _variables.Secrets],
        };
    }
}

using Sandbox.Agent.Shells;

namespace Sandbox.Agent.Sessions;

/// <summary>Where a session stands: the directory and variables that its shell told last, and the changes that are due before its next command.</summary>
/// <remarks>The session's lock guards it.</remarks>
internal sealed class ShellState
{
    private readonly Dictionary<string, string?> _due = new(StringComparer.Ordinal);
    private EnvironmentSnapshot _variables;
    private (IReadOnlyDictionary<string, string>? Exports, EnvironmentSnapshot? Variables) _told;
    private string _savedDirectory;
    private bool _isSaved = true;

    /// <summary>Stands where a record says.</summary>
    /// <param name="record">The record.</param>
    public ShellState(SessionRecord record)
    {
        Directory = _savedDirectory = record.Cwd;
        _variables = new EnvironmentSnapshot(record.Variables, record.Secrets);
    }

    /// <summary>The directory.</summary>
    public string Directory { get; private set; }

    /// <summary>What <c>cd -</c> would go to; empty when there is none.</summary>
    public string PreviousDirectory { get; private set; } = "";

    /// <summary>The changes that are due; null unsets.</summary>
    public IReadOnlyDictionary<string, string?> Due => _due;

    /// <summary>The variables, with what is due.</summary>
    public EnvironmentSnapshot Variables => _variables.WithValues(_due);

    /// <summary>Sets or unsets variables before the next command.</summary>
    /// <param name="layer">The changes.</param>
    public void Change(EnvironmentChanges layer)
    {
        foreach ((string name, string? value) in layer.ToDictionary())
        {
            _due[name] = value;
        }

        _variables = new EnvironmentSnapshot(_variables.Values, _variables.Secrets
            .Except((layer.Env ?? new Dictionary<string, string?>()).Keys)
            .Union((layer.SecretEnv ?? new Dictionary<string, string?>()).Keys));
    }

    /// <summary>The shell has taken over what was due, with a command.</summary>
    /// <param name="own">The command's own variables.</param>
    /// <param name="former">What each of them was before; see <see cref="CommandExecution.Restore"/>.</param>
    public void Begin(EnvironmentChanges own, IReadOnlyDictionary<string, string?> former)
    {
        _variables = Variables;
        _due.Clear();
        foreach ((string name, string? value) in own.ToDictionary())
        {
            // One that is unset for this command alone comes back before the next one.
            if (value is null && former[name] is { } back)
            {
                _due[name] = back;
            }
        }
    }

    /// <summary>A command's own variables must not outlive it, as they would in the state that its shell saved.</summary>
    /// <param name="former">What each of them was before.</param>
    public void PutBack(IReadOnlyDictionary<string, string?> former)
    {
        foreach ((string name, string? value) in former)
        {
            _due.TryAdd(name, value);
        }
    }

    /// <summary>The shell tells where it is.</summary>
    /// <param name="report">What it says.</param>
    public void Take(StatusReport report) => (Directory, PreviousDirectory) = (report.Directory, report.PreviousDirectory);

    /// <summary>The shell tells its variables.</summary>
    /// <param name="exports">The variables; those of the last time are the same object.</param>
    /// <returns>Whether all is as it was saved.</returns>
    public bool Take(IReadOnlyDictionary<string, string> exports)
    {
        _isSaved &= Directory == _savedDirectory;
        if (_told != (exports, _variables))
        {
            EnvironmentSnapshot now = new(exports, _variables.Secrets);
            _isSaved &= now.HasSameValuesAs(_variables);
            _variables = now;
            _told = (exports, now);
        }

        return _isSaved;
    }

    /// <summary>What brings a fresh shell here.</summary>
    /// <param name="fresh">The variables it has by itself.</param>
    public string EnterScript(IReadOnlyDictionary<string, string> fresh)
    {
        IEnumerable<KeyValuePair<string, string?>> set = _variables.Values
            .Where(pair => pair.Key is not ("PWD" or "OLDPWD" or "SHLVL") && fresh.GetValueOrDefault(pair.Key) != pair.Value)
            .Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value));
        IEnumerable<KeyValuePair<string, string?>> unset = fresh.Keys
            .Where(name => !_variables.Values.ContainsKey(name))
            .Select(name => KeyValuePair.Create(name, (string?)null));
        return ShellScripts.Enter(Directory, PreviousDirectory, set.Concat(unset));
    }

    /// <summary>The record to save now.</summary>
    /// <param name="session">Whose place it is.</param>
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

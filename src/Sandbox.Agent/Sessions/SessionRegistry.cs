using Sandbox.Agent.Shells;
using Sandbox.Linux;
using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The sandbox's sessions by id, and the variables that new ones start with.</summary>
internal sealed class SessionRegistry
{
    /// <summary>The session of commands that name none, where the sandbox has it.</summary>
    public const string DefaultId = "default";

    private readonly Lock _gate = new();
    private readonly ShellPool _shells;
    private readonly StateStore _store;
    private readonly EventLoop _loop;
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private EnvironmentSnapshot _variables;
    private Retention? _retention;

    /// <summary>Restores the sessions that an earlier agent of this sandbox saved.</summary>
    public SessionRegistry(ShellPool shells, StateStore store, EventLoop loop, string workspace)
    {
        (_shells, _store, _loop, Workspace) = (shells, store, loop, workspace);
        SandboxRecord? record = store.LoadSandbox();
        _retention = record?.Retention;
        _variables = record is not null
            ? new EnvironmentSnapshot(record.Variables, record.Secrets)
            : new EnvironmentSnapshot(shells.BaseEnvironment, []);
        foreach (SessionRecord session in store.LoadSessions())
        {
            _sessions[session.Id] = new Session(shells, store, loop, session, isRestored: true);
        }
    }

    /// <summary>The directory that sessions start in unless they name another one.</summary>
    public string Workspace { get; }

    /// <summary>The sandbox's own variables.</summary>
    public EnvironmentSnapshot Variables
    {
        get
        {
            lock (_gate)
            {
                return _variables;
            }
        }
    }

    /// <summary>Applies the settings that the sandbox was created with.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public void Configure(AgentConfiguration configuration)
    {
        lock (_gate)
        {
            _retention = configuration.Retention ?? _retention;
        }

        Change(new EnvironmentChanges(configuration.Env, configuration.SecretEnv).WithoutNulls());
        if (configuration.DefaultSession)
        {
            Create(new SessionCreateRequest { Id = DefaultId });
        }
    }

    /// <summary>Changes the sandbox's variables: for its <c>default</c> session, new sessions and commands without a session. Other sessions keep
    /// theirs.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public void Change(EnvironmentChanges changes)
    {
        changes = changes.Validated();
        Session? standard;
        lock (_gate)
        {
            _variables = _variables.With(changes).RequireLength();
            _store.Save(new SandboxRecord { Variables = new(_variables.Values), Secrets = [.. _variables.Secrets], Retention = _retention });
            standard = _sessions.GetValueOrDefault(DefaultId);
        }

        standard?.Change(changes);
    }

    /// <summary>Creates a session and starts its shell.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, <see cref="ErrorCodes.SessionExists"/>,
    /// <see cref="ErrorCodes.WorkingDirectoryNotFound"/>.</exception>
    public Session Create(SessionCreateRequest request)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        string id = request.Id is null ? Identifier.Generate() : Identifier.Require(request.Id, "session");
        EnvironmentChanges changes = new EnvironmentChanges(request.Env, request.SecretEnv).Validated();
        TimeLimit.Require(request.CommandTimeoutMs, "commandTimeoutMs");
        RequireNew(id);
        SessionRecord record = NewRecord(
            id, MakeDirectory(request.Cwd), Variables.With(changes.WithoutNulls()).RequireLength()) with { CommandTimeoutMs = request.CommandTimeoutMs };
        Session session = new(_shells, _store, _loop, record);
        lock (_gate)
        {
            RequireNew(id);
            _sessions.Add(id, session);
        }

        _store.Save(() => record);
        session.Open();
        return session;
    }

    /// <summary>Gets a session by its id.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SessionNotFound"/>.</exception>
    public Session Get(string id)
    {
        lock (_gate)
        {
            return _sessions.TryGetValue(id, out Session? session)
                ? session
                : throw new ApiException(ErrorCodes.SessionNotFound, $"The sandbox has no session '{id}'.");
        }
    }

    /// <summary>Finds the session of a request: the one it names, else <c>default</c> where the sandbox has it, else null.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SessionNotFound"/>, <see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public Session? Find(string? id)
    {
        if (id is not null)
        {
            return Get(Identifier.Require(id, "session"));
        }

        lock (_gate)
        {
            return _sessions.GetValueOrDefault(DefaultId);
        }
    }

    /// <summary>Gets the directory and variables of a session, or of the sandbox when there is none.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.EnvironmentTooLarge"/>.</exception>
    public (string Directory, EnvironmentSnapshot Variables) SnapshotOf(Session? session) => session?.RequireSnapshot() ?? (Workspace, Variables);

    /// <summary>Gets all sessions, oldest first.</summary>
    public IReadOnlyList<Session> All()
    {
        lock (_gate)
        {
            return [.. _sessions.Values.OrderBy(session => session.CreatedAt)];
        }
    }

    /// <summary>Ends and removes a session.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SessionNotFound"/>, <see cref="ErrorCodes.DefaultSessionProtected"/>.</exception>
    public async Task DeleteAsync(string id)
    {
        Session session = Get(id);
        if (id == DefaultId)
        {
            throw new ApiException(ErrorCodes.DefaultSessionProtected, "The session 'default' belongs to the sandbox and cannot be deleted.");
        }

        await session.CloseAsync();
        lock (_gate)
        {
            // After two deletes at once there may be a new session of that id.
            if (_sessions.GetValueOrDefault(id) == session)
            {
                _sessions.Remove(id);
                _store.Remove(id);
            }
        }
    }

    /// <summary>Creates a session that ends with its first command: for a process, or for a command without a session.</summary>
    /// <param name="origin">The session whose directory and variables it copies; null for the sandbox's own.</param>
    public Session CreateEphemeral(Session? origin = null)
    {
        (string directory, EnvironmentSnapshot variables) = SnapshotOf(origin);
        return new Session(_shells, _store, _loop, NewRecord("", directory, variables), isEphemeral: true);
    }

    /// <summary>Creates a working directory unless it exists.</summary>
    /// <param name="origin">What a relative path is resolved against; the workspace when null.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>.</exception>
    public string MakeDirectory(string? path, string? origin = null)
    {
        string directory = WorkingDirectory.Resolve(path, origin ?? Workspace);
        try
        {
            Directory.CreateDirectory(directory);
            return directory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ApiException(ErrorCodes.WorkingDirectoryNotFound, $"The working directory '{directory}' cannot be created: {exception.Message}");
        }
    }

    private static SessionRecord NewRecord(string id, string directory, EnvironmentSnapshot variables) => new()
    {
        Id = id,
        CreatedAt = DateTimeOffset.UtcNow,
        Cwd = directory,
        Variables = new(variables.Values),
        Secrets = [.. variables.Secrets],
    };

    private void RequireNew(string id)
    {
        lock (_gate)
        {
            if (_sessions.ContainsKey(id))
            {
                throw new ApiException(ErrorCodes.SessionExists, $"The sandbox already has a session '{id}'.");
            }
        }
    }
}

using Sandbox.Protocol;

namespace Sandbox.Agent.Sessions;

/// <summary>The sandbox's sessions by id, and the variables that new ones start with.</summary>
internal sealed class SessionRegistry
{
    /// <summary>The session that commands use which name none, where a sandbox has it.</summary>
    public const string DefaultId = "default";

    private readonly Lock _gate = new();
    private readonly AgentComposition _services;
    private readonly Dictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private EnvironmentSnapshot _variables;
    private Retention? _kept;

    /// <summary>Brings back what an earlier agent of this sandbox kept.</summary>
    /// <param name="services">What the agent's parts share.</param>
    public SessionRegistry(AgentComposition services)
    {
        _services = services;
        SandboxRecord? record = services.Store.LoadSandbox();
        _kept = record?.Retention;
        _variables = record is not null
            ? new EnvironmentSnapshot(record.Variables, record.Secrets)
            : new EnvironmentSnapshot(services.Shells.BaseEnvironment, []);
        foreach (SessionRecord session in services.Store.LoadSessions())
        {
            _sessions[session.Id] = new Session(services, session, isRestored: true);
        }
    }

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

    /// <summary>Takes what the sandbox was made with.</summary>
    /// <param name="configuration">The settings.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public void Configure(AgentConfiguration configuration)
    {
        if (configuration.Retention is { } retention)
        {
            retention.Require();
            _services.Commands.Keep(retention);
            lock (_gate)
            {
                _kept = retention;
            }
        }

        EnvironmentChanges layer = new(configuration.Env, configuration.SecretEnv);
        Change(layer.WithoutNulls());
        if (configuration.DefaultSession)
        {
            Create(new SessionCreateRequest { Id = DefaultId });
        }
    }

    /// <summary>Changes the sandbox's variables: for its <c>default</c> session, new sessions and sessionless commands. Other living sessions keep theirs.</summary>
    /// <param name="layer">The changes.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>.</exception>
    public void Change(EnvironmentChanges layer)
    {
        VariableName.RequireAll(layer.Env);
        VariableName.RequireAll(layer.SecretEnv);
        Session? standard;
        lock (_gate)
        {
            _variables = _variables.With(layer.Env, layer.SecretEnv);
            _services.Store.Save(new SandboxRecord { Variables = new(_variables.Values), Secrets = [.. _variables.Secrets], Retention = _kept });
            standard = _sessions.GetValueOrDefault(DefaultId);
        }

        standard?.Change(layer);
    }

    /// <summary>Makes a session and starts its shell.</summary>
    /// <param name="request">What was asked.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, <see cref="ErrorCodes.SessionExists"/>, <see cref="ErrorCodes.WorkingDirectoryNotFound"/>; then nothing was made.</exception>
    public Session Create(SessionCreateRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        string id = request.Id is null ? Identifier.Generate() : Identifier.Require(request.Id, "session");
        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        TimeLimit.Require(request.CommandTimeoutMs, "commandTimeoutMs");
        RequireNew(id);
        string directory = MakeDirectory(request.Cwd);
        EnvironmentChanges layer = new EnvironmentChanges(request.Env, request.SecretEnv).WithoutNulls();
        EnvironmentSnapshot start = Variables.With(layer.Env, layer.SecretEnv);
        SessionRecord record = new()
        {
            Id = id,
            CreatedAt = DateTimeOffset.UtcNow,
            CommandTimeoutMs = request.CommandTimeoutMs,
            Cwd = directory,
            Variables = new(start.Values),
            Secrets = [.. start.Secrets],
        };
        Session session = new(_services, record);
        lock (_gate)
        {
            RequireNew(id);
            _sessions.Add(id, session);
        }

        _services.Store.Save(() => record);
        session.Open();
        return session;
    }

    /// <summary>The session of an id.</summary>
    /// <param name="id">The id.</param>
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

    /// <summary>The session a request is bound to: the one it names, else <c>default</c> where there is one, else null.</summary>
    /// <param name="id">The id the request names, if any.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SessionNotFound"/>.</exception>
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

    /// <summary>All sessions, oldest first.</summary>
    public IReadOnlyList<Session> All()
    {
        lock (_gate)
        {
            return [.. _sessions.Values.OrderBy(session => session.CreatedAt)];
        }
    }

    /// <summary>Ends a session and forgets it.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.SessionNotFound"/>, <see cref="ErrorCodes.DefaultSessionProtected"/>.</exception>
    public async Task DeleteAsync(string id)
    {
        Session session = Get(id);
        if (id == DefaultId)
        {
            throw new ApiException(ErrorCodes.DefaultSessionProtected, "The session 'default' belongs to the sandbox and goes with it; it cannot be deleted.");
        }

        await session.CloseAsync();
        lock (_gate)
        {
            // Two deletes at once: the second finds nothing to do, or a new session that has taken the name.
            if (_sessions.GetValueOrDefault(id) == session)
            {
                _sessions.Remove(id);
                _services.Store.Remove(id);
            }
        }
    }

    /// <summary>A session that is thrown away after one command: of a command that names none, in a sandbox without <c>default</c>, or of a process.</summary>
    /// <param name="origin">Whose directory and variables it starts with; null for the sandbox's own.</param>
    public Session CreateEphemeral(Session? origin = null)
    {
        (string directory, EnvironmentSnapshot start) = origin?.Place() ?? (_services.Paths.Workspace, Variables);
        return new Session(
            _services,
            new SessionRecord
            {
                Id = "",
                CreatedAt = DateTimeOffset.UtcNow,
                Cwd = directory,
                Variables = new(start.Values),
                Secrets = [],
            },
            isEphemeral: true);
    }

    /// <summary>Makes a directory to work in, unless it exists.</summary>
    /// <param name="wished">What was asked for, if anything.</param>
    /// <param name="origin">What that is relative to; the workspace when null.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="ApiException"><see cref="ErrorCodes.WorkingDirectoryNotFound"/>.</exception>
    public string MakeDirectory(string? wished, string? origin = null)
    {
        string directory = Path.GetFullPath(wished ?? ".", origin ?? _services.Paths.Workspace);
        try
        {
            // One that exists is left as it is.
            Directory.CreateDirectory(directory);
            return directory;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ApiException(ErrorCodes.WorkingDirectoryNotFound, $"The working directory '{directory}' cannot be made: {exception.Message}");
        }
    }

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

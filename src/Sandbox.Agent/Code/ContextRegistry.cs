using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>The sandbox's code contexts by id.</summary>
/// <param name="services">What the agent's parts share.</param>
internal sealed class ContextRegistry(AgentComposition services) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly InterpreterResolver _catalog = new(services.Paths, services.Loop);

    // A name is taken from the moment on that its context is being made.
    private readonly Dictionary<string, Task<CodeContext>> _contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<(string? Session, string Language), string> _defaults = [];

    /// <summary>Makes a context, or finds the default one that is meant.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="sessionId">The session that the request names, if any.</param>
    /// <exception cref="ApiException">It was not made; the code says why.</exception>
    public async Task<CodeContext> CreateAsync(ContextCreateRequest request, string? sessionId)
    {
        Validate(request);
        Session? session = services.Sessions.Find(sessionId);
        string language = InterpreterResolver.Canonical(request.Language ?? "python");
        string id = request.Id is null ? Identifier.Generate() : Identifier.Require(request.Id, "context");
        Task<CodeContext> made;
        lock (_gate)
        {
            if (request.Default)
            {
                (string?, string) key = (session?.Id, language);
                if (_defaults.TryGetValue(key, out string? known) && _contexts.TryGetValue(known, out Task<CodeContext>? existing))
                {
                    made = existing;
                }
                else
                {
                    _defaults[key] = id;
                    made = _contexts[id] = MakeAsync(id, language, request, session);
                }
            }
            else if (_contexts.ContainsKey(id))
            {
                throw new ApiException(ErrorCodes.ContextExists, $"The sandbox already has a code context '{id}'.");
            }
            else
            {
                made = _contexts[id] = MakeAsync(id, language, request, session);
            }
        }

        try
        {
            return await made;
        }
        catch
        {
            // It was not made: the name is free.
            lock (_gate)
            {
                foreach (string failed in _contexts.Where(pair => pair.Value == made).Select(pair => pair.Key).ToArray())
                {
                    _contexts.Remove(failed);
                }
            }

            throw;
        }
    }

    /// <summary>The context of an id.</summary>
    /// <param name="id">The id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ContextNotFound"/>.</exception>
    public CodeContext Get(string id)
    {
        lock (_gate)
        {
            return _contexts.TryGetValue(id, out Task<CodeContext>? context) && context.IsCompletedSuccessfully ? context.Result : throw NotFound(id);
        }
    }

    /// <summary>All contexts, oldest first.</summary>
    public IReadOnlyList<CodeContext> All()
    {
        lock (_gate)
        {
            return [.. _contexts.Values.Where(context => context.IsCompletedSuccessfully).Select(context => context.Result).OrderBy(context => context.CreatedAt)];
        }
    }

    /// <summary>Ends a context and forgets it.</summary>
    /// <param name="id">Its id.</param>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ContextNotFound"/>.</exception>
    public void Delete(string id)
    {
        CodeContext context = Get(id);
        lock (_gate)
        {
            _contexts.Remove(id);
        }

        context.Close();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CodeContext context in All())
        {
            context.Close();
        }
    }

    private static ApiException NotFound(string id) => new(ErrorCodes.ContextNotFound, $"The sandbox has no code context '{id}'.");

    private static void Validate(ContextCreateRequest request)
    {
        RequestFields.RequireNone(request.Unknown);
        VariableName.RequireAll(request.Env);
        VariableName.RequireAll(request.SecretEnv);
        TimeLimit.Require(request.TimeoutMs, "timeoutMs");
        if (request.Default && (request.Id is not null || request.Cwd is not null || request.Env is not null || request.SecretEnv is not null || request.TimeoutMs is not null))
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "The default context of a language has its session's directory and variables. Leave 'default' out to make one of your own.");
        }
    }

    private async Task<CodeContext> MakeAsync(string id, string language, ContextCreateRequest request, Session? session)
    {
        // Away from the caller, who holds the gate.
        await Task.Yield();
        EnvironmentSnapshot start = session is null ? services.Sessions.Variables : await session.GetVariablesAsync();
        EnvironmentChanges layer = new EnvironmentChanges(request.Env, request.SecretEnv).WithoutNulls();
        IReadOnlyDictionary<string, string> environment = start.With(layer.Env, layer.SecretEnv).Values;
        string directory = services.Sessions.MakeDirectory(request.Cwd, session?.WorkingDirectory);
        InterpreterPlan plan = _catalog.Find(language, environment, directory);
        return await CodeContext.CreateAsync(new ContextSettings(id, plan, directory, session?.Id, request.Default, request.TimeoutMs));
    }
}

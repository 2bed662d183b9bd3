using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Code;

/// <summary>The sandbox's code contexts by id.</summary>
internal sealed class ContextRegistry(SessionRegistry sessions, InterpreterResolver interpreters) : IDisposable
{
    private readonly Lock _gate = new();

    // An id is taken as soon as its context is being created.
    private readonly Dictionary<string, Task<CodeContext>> _contexts = new(StringComparer.Ordinal);
    private readonly Dictionary<(Session? Session, string Language), string> _defaults = [];

    /// <summary>Creates a context, or finds the default one of the session and language.</summary>
    /// <param name="sessionId">The session that the request names; null for none.</param>
    /// <exception cref="ApiException">It could not be created.</exception>
    public async Task<CodeContext> CreateAsync(ContextCreateRequest request, string? sessionId)
    {
        Validate(request);
        Session? session = sessions.Find(sessionId);
        string language = InterpreterResolver.Canonical(request.Language ?? "python");
        string id = request.Id is null ? Identifier.Generate() : Identifier.Require(request.Id, "context");
        Task<CodeContext>? context;
        bool isNewDefault = false;
        lock (_gate)
        {
            if (!request.Default || !_defaults.TryGetValue((session, language), out string? known) || !_contexts.TryGetValue(known, out context))
            {
                if (_contexts.ContainsKey(id))
                {
                    throw new ApiException(ErrorCodes.ContextExists, $"The sandbox already has a code context '{id}'.");
                }

                context = _contexts[id] = CreateAsync(id, language, request, session);
                if (request.Default)
                {
                    _defaults[(session, language)] = id;
                    isNewDefault = true;
                }
            }
        }

        if (isNewDefault && session is not null)
        {
            // A later session of the same id must not inherit its variables.
            session.Closed.Register(() => RemoveDefault(session, language));
        }

        try
        {
            return await context;
        }
        catch
        {
            // The id is free again.
            lock (_gate)
            {
                foreach (string failed in _contexts.Where(pair => pair.Value == context).Select(pair => pair.Key).ToArray())
                {
                    _contexts.Remove(failed);
                }
            }

            throw;
        }
    }

    /// <summary>Gets a context by its id.</summary>
    /// <exception cref="ApiException"><see cref="ErrorCodes.ContextNotFound"/>.</exception>
    public CodeContext Get(string id)
    {
        lock (_gate)
        {
            return _contexts.TryGetValue(id, out Task<CodeContext>? context) && context.IsCompletedSuccessfully
                ? context.Result
                : throw new ApiException(ErrorCodes.ContextNotFound, $"The sandbox has no code context '{id}'.");
        }
    }

    /// <summary>Gets all contexts, oldest first.</summary>
    public IReadOnlyList<CodeContext> All()
    {
        lock (_gate)
        {
            return [.. _contexts.Values
                .Where(context => context.IsCompletedSuccessfully)
                .Select(context => context.Result)
                .OrderBy(context => context.CreatedAt)];
        }
    }

    /// <summary>Ends and removes a context.</summary>
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

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (CodeContext context in All())
        {
            context.Close();
        }
    }

    private static void Validate(ContextCreateRequest request)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        _ = new EnvironmentChanges(request.Env, request.SecretEnv).Validated();
        TimeLimit.Require(request.TimeoutMs, "timeoutMs");
        if (request.Default
            && (request.Id is not null || request.Cwd is not null || request.Env is not null || request.SecretEnv is not null || request.TimeoutMs is not null))
        {
            throw new ApiException(
                ErrorCodes.InvalidRequest,
                "The default context of a language has its session's directory and variables. Leave out 'default' to create another context.");
        }
    }

    private async Task<CodeContext> CreateAsync(string id, string language, ContextCreateRequest request, Session? session)
    {
        // The caller holds the lock.
        await Task.Yield();
        EnvironmentSnapshot variables = session is null ? sessions.Variables : await session.GetVariablesAsync();
        IReadOnlyDictionary<string, string> environment = variables.With(new EnvironmentChanges(request.Env, request.SecretEnv).WithoutNulls()).Values;
        string directory = sessions.MakeDirectory(request.Cwd, session?.WorkingDirectory);
        InterpreterPlan plan = interpreters.Find(language, environment, directory);
        return await CodeContext.CreateAsync(new ContextSettings(id, plan, directory, session?.Id, request.Default, request.TimeoutMs));
    }

    private void RemoveDefault(Session session, string language)
    {
        Task<CodeContext>? context;
        lock (_gate)
        {
            if (!_defaults.Remove((session, language), out string? id) || !_contexts.Remove(id, out context))
            {
                return;
            }
        }

        // One that is still being created is closed as soon as it exists.
        _ = context.ContinueWith(
            created => created.Result.Close(),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }
}

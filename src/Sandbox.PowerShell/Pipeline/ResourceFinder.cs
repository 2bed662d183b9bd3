using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds what references mean. A pattern without a match is no error; an unknown id is.</summary>
internal static class ResourceFinder
{
    // Of listings over many sandboxes: one that hangs must not hold up the others.
    private const int ManyAtOnce = 16;
    private static readonly TimeSpan LimitOfOne = TimeSpan.FromSeconds(5);

    /// <summary>The targets that <c>-Session</c> and <c>-Sandbox</c> name. A contradiction is reported and skipped.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="sessions">The sessions named; null for none.</param>
    /// <param name="sandboxes">The sandboxes named; null for none, which means the automatic one.</param>
    public static IEnumerable<SandboxTarget> Resolve(this SandboxCommandBase cmdlet, SessionReference[]? sessions, SandboxReference[]? sandboxes) =>
        sessions is null
            ? cmdlet.Sandboxes(null, sandboxes)
            : sessions.SelectMany(session => cmdlet.Sandboxes(session, sandboxes).Select(sandbox => sandbox.InSession(session.Id)));

    /// <summary>The targets that an object from the pipeline means; null when it lost what identifies it.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="value">A sandbox or session, see <see cref="PipelineTarget"/>.</param>
    public static IEnumerable<SandboxTarget>? ResolvePiped(this SandboxCommandBase cmdlet, object value) =>
        PipelineTarget.IsSession(value)
            ? PipelineTarget.Read<SessionReference>(value) is { } session ? cmdlet.Resolve([session], null) : null
            : PipelineTarget.Read<SandboxReference>(value) is { } sandbox ? cmdlet.Resolve(null, [sandbox]) : null;

    /// <summary>The sandboxes a reference means, as they stand.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="reference">The reference.</param>
    public static IEnumerable<SandboxInstance> FindSandboxes(this SandboxCommandBase cmdlet, SandboxReference reference)
    {
        SandboxClient client = cmdlet.ClientOf(reference.Server);
        return cmdlet.FindSandboxes(client, reference.Id).Select(found => new SandboxInstance(found, client.Server));
    }

    /// <summary>The sandboxes that references mean.</summary>
    /// <inheritdoc cref="FindProcessTargets" />
    public static IEnumerable<SandboxTarget> FindSandboxTargets(this SandboxCommandBase cmdlet, IEnumerable<SandboxReference> references) =>
        references.SelectMany(reference =>
        {
            SandboxClient client = cmdlet.ClientOf(reference.Server);
            IEnumerable<string> ids = reference.IsPattern ? cmdlet.FindSandboxes(client, reference.Id).Select(found => found.Id) : [reference.Id];
            return ids.Select(id => new SandboxTarget(client.Sandbox(id)));
        });

    /// <summary>The sessions a reference means, as they stand.</summary>
    /// <inheritdoc cref="FindProcesses" />
    public static IEnumerable<SandboxSession> FindSessions(
        this SandboxCommandBase cmdlet, SessionReference reference, SandboxReference[]? sandboxes) => cmdlet.Find(
        reference,
        sandboxes,
        (sandbox, wake, token) => sandbox.GetSessionsAsync(wake, token),
        (sandbox, token) => sandbox.InSession(reference.Id).UseAsync(session => session.GetSessionAsync(token), token),
        (info, sandbox) => new SandboxSession(info, sandbox),
        session => session.Id);

    /// <summary>The sessions that references mean.</summary>
    /// <inheritdoc cref="FindProcessTargets" />
    public static IEnumerable<SandboxTarget> FindSessionTargets(
        this SandboxCommandBase cmdlet, IEnumerable<SessionReference> references, SandboxReference[]? sandboxes) =>
        cmdlet.FindTargets(references, sandboxes, reference => cmdlet.FindSessions(reference, sandboxes).Select(found => new SessionReference(found)))
            .Select(found => found.Sandbox.InSession(found.Id));

    /// <summary>The processes a reference means, as they stand. Only background processes match a pattern, unless commands are asked for too.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <param name="includeCommands">Whether commands match a pattern too.</param>
    public static IEnumerable<SandboxProcess> FindProcesses(
        this SandboxCommandBase cmdlet, ProcessReference reference, SandboxReference[]? sandboxes, bool includeCommands) => cmdlet.Find(
        reference,
        sandboxes,
        (sandbox, wake, token) => sandbox.GetProcessesAsync(includeCommands, wake, token),
        (sandbox, token) => sandbox.Sandbox.Process(reference.Id).GetAsync(token),
        (info, sandbox) => new SandboxProcess(info, sandbox),
        process => process.Id);

    /// <summary>The processes that references mean. Patterns alone are looked up, and completely, before anything is done to one.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="references">The references.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <param name="where">Which of those that a pattern matches count.</param>
    public static IEnumerable<ProcessHandle> FindProcessTargets(
        this SandboxCommandBase cmdlet, IEnumerable<ProcessReference> references, SandboxReference[]? sandboxes, Func<SandboxProcess, bool> where) =>
        cmdlet.FindTargets(references, sandboxes, reference =>
            cmdlet.FindProcesses(reference, sandboxes, includeCommands: false).Where(where).Select(found => new ProcessReference(found)))
            .Select(found => found.Sandbox.Sandbox.Process(found.Id));

    /// <summary>The code contexts a reference means, as they stand.</summary>
    /// <inheritdoc cref="FindProcesses" />
    public static IEnumerable<SandboxCodeContext> FindContexts(
        this SandboxCommandBase cmdlet, ContextReference reference, SandboxReference[]? sandboxes) => cmdlet.Find(
        reference,
        sandboxes,
        ListContextsAsync,
        async (sandbox, token) => (await ListAsync(sandbox, false, ListContextsAsync, token)).FirstOrDefault(info => info.Id == reference.Id)
            ?? throw new ApiException(ErrorCodes.ContextNotFound, $"The sandbox '{sandbox.SandboxId}' has no code context '{reference.Id}'."),
        (info, sandbox) => new SandboxCodeContext(info, sandbox),
        context => context.Id);

    /// <summary>The code contexts that references mean.</summary>
    /// <inheritdoc cref="FindProcessTargets" />
    public static IEnumerable<ContextHandle> FindContextTargets(
        this SandboxCommandBase cmdlet, IEnumerable<ContextReference> references, SandboxReference[]? sandboxes) =>
        cmdlet.FindTargets(references, sandboxes, reference => cmdlet.FindContexts(reference, sandboxes).Select(found => new ContextReference(found)))
            .Select(found => found.Sandbox.Sandbox.Context(found.Id));

    /// <summary>The sandboxes to look in for a resource. A contradiction is reported and skipped.</summary>
    /// <param name="cmdlet">The cmdlet.</param>
    /// <param name="reference">The resource.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    /// <returns>Each, and whether it is one of many that a pattern matches.</returns>
    public static IEnumerable<(SandboxTarget Sandbox, bool IsOneOfMany)> Search(
        this SandboxCommandBase cmdlet, ResourceReference reference, SandboxReference[]? sandboxes) =>
        cmdlet.Sandboxes(reference, sandboxes).SelectMany(sandbox => WildcardPattern.ContainsWildcardCharacters(sandbox.SandboxId)
            ? cmdlet.FindSandboxes(sandbox.Sandbox.Client, sandbox.SandboxId).Where(found => found.State == SandboxState.Running)
                .Select(found => (new SandboxTarget(sandbox.Sandbox.Client.Sandbox(found.Id)), true))
            : [(sandbox, false)]);

    private static IEnumerable<TObject> Find<TInfo, TObject>(
        this SandboxCommandBase cmdlet,
        ResourceReference reference,
        SandboxReference[]? sandboxes,
        Func<SandboxHandle, bool, CancellationToken, Task<IReadOnlyList<TInfo>>> list,
        Func<SandboxTarget, CancellationToken, Task<TInfo>> get,
        Func<TInfo, SandboxHandle, TObject> make,
        Func<TInfo, string> idOf)
    {
        WildcardPattern pattern = new(reference.Id, WildcardOptions.IgnoreCase);
        List<SandboxTarget> many = [];
        foreach ((SandboxTarget sandbox, bool isOneOfMany) in cmdlet.Search(reference, sandboxes))
        {
            if (isOneOfMany)
            {
                many.Add(sandbox);
            }
            else if (!WildcardPattern.ContainsWildcardCharacters(reference.Id))
            {
                if (cmdlet.TryInvoke($"{sandbox.SandboxId}/{reference.Id}", token => get(sandbox, token), out TInfo? found))
                {
                    yield return make(found, sandbox.Sandbox);
                }
            }
            else if (cmdlet.TryInvoke(sandbox.SandboxId, token => ListAsync(sandbox, false, list, token), out IReadOnlyList<TInfo>? all))
            {
                foreach (TInfo info in all.Where(info => pattern.IsMatch(idOf(info))))
                {
                    yield return make(info, sandbox.Sandbox);
                }
            }
        }

        foreach ((SandboxTarget sandbox, TInfo info) in cmdlet.ListMany(many, list))
        {
            if (pattern.IsMatch(idOf(info)))
            {
                yield return make(info, sandbox.Sandbox);
            }
        }
    }

    /// <summary>Lists what is in many sandboxes, in the order in which they answer. One that does not answer is an error for itself alone.</summary>
    private static IEnumerable<(SandboxTarget Sandbox, TInfo Info)> ListMany<TInfo>(
        this SandboxCommandBase cmdlet, IReadOnlyList<SandboxTarget> sandboxes, Func<SandboxHandle, bool, CancellationToken, Task<IReadOnlyList<TInfo>>> list)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cmdlet.StopToken);
        using SemaphoreSlim turns = new(ManyAtOnce);
        Dictionary<Task<IReadOnlyList<TInfo>>, SandboxTarget> waiting = sandboxes.ToDictionary(sandbox => ListOneOfManyAsync(sandbox, list, turns, stop.Token));
        try
        {
            while (waiting.Count > 0)
            {
                Task<IReadOnlyList<TInfo>> next = cmdlet.Wait(token => Task.WhenAny(waiting.Keys).WaitAsync(token));
                _ = waiting.Remove(next, out SandboxTarget? sandbox);
                if (cmdlet.TryInvoke(sandbox!.SandboxId, _ => next, out IReadOnlyList<TInfo>? all))
                {
                    foreach (TInfo info in all)
                    {
                        yield return (sandbox, info);
                    }
                }
            }
        }
        finally
        {
            stop.Cancel();
            Task.WhenAny(Task.WhenAll(waiting.Keys)).GetAwaiter().GetResult();
        }
    }

    private static async Task<IReadOnlyList<TInfo>> ListOneOfManyAsync<TInfo>(
        SandboxTarget sandbox,
        Func<SandboxHandle, bool, CancellationToken, Task<IReadOnlyList<TInfo>>> list,
        SemaphoreSlim turns,
        CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limited.CancelAfter(LimitOfOne);
        try
        {
            return await ListAsync(sandbox, true, list, limited.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The sandbox '{sandbox.SandboxId}' did not respond within {LimitOfOne.TotalSeconds:0} s.");
        }
        finally
        {
            turns.Release();
        }
    }

    private static IEnumerable<(SandboxTarget Sandbox, string Id)> FindTargets<T>(
        this SandboxCommandBase cmdlet, IEnumerable<T> references, SandboxReference[]? sandboxes, Func<T, IEnumerable<T>> find)
        where T : ResourceReference => references.SelectMany(reference =>
        {
            bool isPattern = reference.IsPattern || sandboxes?.Any(sandbox => sandbox.IsPattern) == true;
            T[] found = isPattern ? [.. find(reference)] : [reference];
            return found.SelectMany(one => cmdlet.Sandboxes(one, isPattern ? null : sandboxes).Select(sandbox => (sandbox, one.Id)));
        });

    private static IReadOnlyList<SandboxInfo> FindSandboxes(this SandboxCommandBase cmdlet, SandboxClient client, string id)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(id))
        {
            return cmdlet.TryInvoke(id, token => client.Sandbox(id).GetAsync(token), out SandboxInfo? found) ? [found] : [];
        }

        WildcardPattern pattern = new(id, WildcardOptions.IgnoreCase);
        return cmdlet.TryInvoke(client.Server, client.GetSandboxesAsync, out IReadOnlyList<SandboxInfo>? all)
            ? [.. all.Where(sandbox => pattern.IsMatch(sandbox.Id))]
            : [];
    }

    private static IEnumerable<SandboxTarget> Sandboxes(this SandboxCommandBase cmdlet, ResourceReference? reference, SandboxReference[]? sandboxes)
    {
        if (reference?.SandboxId is not { } own)
        {
            return sandboxes is null
                ? [new SandboxTarget(cmdlet.ClientOf(reference?.Server).Sandbox(cmdlet.ModuleState.DefaultSandbox), cmdlet.Warn)]
                : sandboxes.Select(sandbox => new SandboxTarget(cmdlet.ClientOf(sandbox.Server).Sandbox(sandbox.Id)));
        }

        SandboxReference? named = sandboxes?.FirstOrDefault(sandbox => Agree(reference, sandbox));
        if (sandboxes is not null && named is null)
        {
            cmdlet.WriteError(Errors.SandboxMismatch(reference.ToString(), sandboxes[0].Id));
            return [];
        }

        return [new SandboxTarget(cmdlet.ClientOf(reference.Server ?? named?.Server).Sandbox(own))];
    }

    private static bool Agree(ResourceReference reference, SandboxReference sandbox) =>
        (sandbox.IsPattern ? new WildcardPattern(sandbox.Id, WildcardOptions.IgnoreCase).IsMatch(reference.SandboxId) : sandbox.Id == reference.SandboxId)
        && (reference.Server is null || sandbox.Server is null || reference.Server == sandbox.Server);

    // Never starts a sandbox: a stopped one has no contexts.
    private static Task<IReadOnlyList<ContextInfo>> ListContextsAsync(SandboxHandle sandbox, bool wake, CancellationToken cancellationToken) =>
        sandbox.GetContextsAsync(cancellationToken);

    // Listing many sandboxes starts none of them; a missing default sandbox has nothing in it.
    private static async Task<IReadOnlyList<TInfo>> ListAsync<TInfo>(
        SandboxTarget sandbox,
        bool isOneOfMany,
        Func<SandboxHandle, bool, CancellationToken, Task<IReadOnlyList<TInfo>>> list,
        CancellationToken cancellationToken)
    {
        try
        {
            return await list(sandbox.Sandbox, !isOneOfMany, cancellationToken);
        }
        catch (ApiException e) when ((e.Code == ErrorCodes.SandboxNotFound && (isOneOfMany || sandbox.IsAutomatic)) || e.Code == ErrorCodes.SandboxStopped)
        {
            return [];
        }
    }
}

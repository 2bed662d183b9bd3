using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Finds sandboxes and sessions by id or pattern. A pattern without a match is no error; an unknown id is.</summary>
internal static class ResourceFinder
{
    /// <summary>The sandboxes a reference means.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="reference">The reference.</param>
    public static IEnumerable<SandboxInstance> FindSandboxes(this SandboxCommandBase cmdlet, SandboxReference reference)
    {
        SandboxClient client = cmdlet.ClientOf(reference.Server);
        if (!reference.IsPattern)
        {
            return cmdlet.TryInvoke(reference.Id, token => client.GetSandboxAsync(reference.Id, token), out SandboxInfo? found)
                ? [new SandboxInstance(found, client.Server)]
                : [];
        }

        WildcardPattern pattern = new(reference.Id, WildcardOptions.IgnoreCase);
        return cmdlet.TryInvoke(client.Server, client.GetSandboxesAsync, out IReadOnlyList<SandboxInfo>? all)
            ? all.Where(sandbox => pattern.IsMatch(sandbox.Id)).Select(sandbox => new SandboxInstance(sandbox, client.Server))
            : [];
    }

    /// <summary>The sandboxes that references mean, by id. A pattern is looked up first, and completely, before anything is done to one.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="references">The references.</param>
    public static IEnumerable<(SandboxClient Client, string Id)> FindSandboxIds(this SandboxCommandBase cmdlet, IEnumerable<SandboxReference> references)
    {
        foreach (SandboxReference reference in references)
        {
            SandboxClient client = cmdlet.ClientOf(reference.Server);
            string[] ids = reference.IsPattern ? [.. cmdlet.FindSandboxes(reference).Select(sandbox => sandbox.Id)] : [reference.Id];
            foreach (string id in ids)
            {
                yield return (client, id);
            }
        }
    }

    /// <summary>The sessions a reference means.</summary>
    /// <param name="cmdlet">The cmdlet, which reports what is not found.</param>
    /// <param name="session">The session's id or pattern, perhaps with its sandbox.</param>
    /// <param name="sandboxes">The sandboxes named, perhaps by pattern; null for none.</param>
    public static IEnumerable<SandboxSession> FindSessions(this SandboxCommandBase cmdlet, SessionReference session, SandboxReference[]? sandboxes)
    {
        if (session.SandboxId is { } own && WildcardPattern.ContainsWildcardCharacters(own))
        {
            // '*/build' names its sandboxes by pattern.
            return cmdlet.FindSessions(new SessionReference(session.Id), [new SandboxReference(own) { Server = session.Server }]);
        }

        if (session.SandboxId is null && sandboxes is not null)
        {
            return sandboxes.SelectMany(sandbox => cmdlet.FindSessionsIn(sandbox, session.Id));
        }

        return cmdlet.Resolve([session], sandboxes).SelectMany(target => cmdlet.FindSessionsAt(target, false));
    }

    private static IEnumerable<SandboxSession> FindSessionsIn(this SandboxCommandBase cmdlet, SandboxReference sandbox, string id)
    {
        SandboxClient client = cmdlet.ClientOf(sandbox.Server);
        return sandbox.IsPattern
            ? cmdlet.FindSandboxes(sandbox).Where(found => found.State == SandboxState.Running)
                .SelectMany(found => cmdlet.FindSessionsAt(new SandboxTarget(client, found.Id, id), true))
            : cmdlet.FindSessionsAt(new SandboxTarget(client, sandbox.Id, id), false);
    }

    // When searching many sandboxes, a missing session is no error.
    private static IEnumerable<SandboxSession> FindSessionsAt(this SandboxCommandBase cmdlet, SandboxTarget target, bool isOneOfMany)
    {
        string id = target.SessionId!;
        if (isOneOfMany || WildcardPattern.ContainsWildcardCharacters(id))
        {
            WildcardPattern pattern = new(id, WildcardOptions.IgnoreCase);
            return cmdlet.TryInvoke(target.SandboxId, token => ListAsync(target, isOneOfMany, token), out IReadOnlyList<SessionInfo>? all)
                ? all.Where(session => pattern.IsMatch(session.Id)).Select(session => new SandboxSession(session, target.SandboxId, target.Client.Server))
                : [];
        }

        return cmdlet.TryInvoke(target.ToString(), token => target.UseAsync(() => target.Client.GetSessionAsync(target.SandboxId, id, token), token), out SessionInfo? found)
            ? [new SandboxSession(found, target.SandboxId, target.Client.Server)]
            : [];
    }

    private static async Task<IReadOnlyList<SessionInfo>> ListAsync(SandboxTarget target, bool isOneOfMany, CancellationToken cancellationToken)
    {
        try
        {
            return await target.Client.GetSessionsAsync(target.SandboxId, wake: !isOneOfMany, cancellationToken);
        }
        catch (ApiException e) when ((e.Code == ErrorCodes.SandboxNotFound && (isOneOfMany || target.IsAutomatic)) || e.Code == ErrorCodes.SandboxStopped)
        {
            // Listing many sandboxes starts none of them.
            return [];
        }
    }
}

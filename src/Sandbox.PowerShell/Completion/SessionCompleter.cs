using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes ids of sessions: of the sandbox that is named; else those of the default sandbox as they are, and all as <c>sandbox/session</c>.</summary>
public sealed class SessionCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        if (bound.Sandbox is { IsPattern: false } named)
        {
            return (await ListAsync(client, named.Id, cancellationToken)).Select(session => Suggest(session.Id, session));
        }

        string implied = bound.DefaultSandbox;
        SandboxInfo[] running = [.. (await client.GetSandboxesAsync(cancellationToken)).Where(sandbox => sandbox.State == SandboxState.Running)];
        IReadOnlyList<SessionInfo>[] sessions = await Task.WhenAll(running.Select(sandbox => ListAsync(client, sandbox.Id, cancellationToken)));
        (string Sandbox, SessionInfo Session)[] all = [.. running.Zip(sessions).SelectMany(pair => pair.Second.Select(session => (pair.First.Id, session)))];
        return
        [
            .. all.Where(found => found.Sandbox == implied).Select(found => Suggest(found.Session.Id, found.Session)),
            .. all.Select(found => Suggest($"{found.Sandbox}/{found.Session.Id}", found.Session)),
        ];
    }

    private static Suggestion Suggest(string text, SessionInfo session) =>
        new(text, session.RunningCommand is { } running ? $"{session.State}, {running.Command}" : $"{session.State}, {session.Cwd}");

    // When listing many sandboxes, one that is being removed must not hide the others.
    private static async Task<IReadOnlyList<SessionInfo>> ListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetSessionsAsync(sandbox, wake: false, cancellationToken);
        }
        catch (ApiException)
        {
            return [];
        }
    }
}

using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes ids of code contexts: of the sandbox that is named; else those of the default sandbox as they are, and all as <c>sandbox/context</c>.</summary>
public sealed class ContextCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        if (bound.Sandbox is { IsPattern: false } named)
        {
            return (await ListAsync(client, named.Id, cancellationToken)).Select(context => Suggest(context.Id, context));
        }

        string implied = bound.DefaultSandbox;
        SandboxInfo[] running = [.. (await client.GetSandboxesAsync(cancellationToken)).Where(sandbox => sandbox.State == SandboxState.Running)];
        IReadOnlyList<ContextInfo>[] contexts = await Task.WhenAll(running.Select(sandbox => ListAsync(client, sandbox.Id, cancellationToken)));
        (string Sandbox, ContextInfo Context)[] all = [.. running.Zip(contexts).SelectMany(pair => pair.Second.Select(context => (pair.First.Id, context)))];
        return
        [
            .. all.Where(found => found.Sandbox == implied).Select(found => Suggest(found.Context.Id, found.Context)),
            .. all.Select(found => Suggest($"{found.Sandbox}/{found.Context.Id}", found.Context)),
        ];
    }

    private static Suggestion Suggest(string text, ContextInfo context) => new(text, $"{context.Language}, {context.State}, {context.Cwd}");

    // When listing many sandboxes, one that is being removed must not hide the others.
    private static async Task<IReadOnlyList<ContextInfo>> ListAsync(SandboxClient client, string sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetContextsAsync(sandbox, cancellationToken);
        }
        catch (ApiException)
        {
            return [];
        }
    }
}

using Sandbox.Client;

namespace Sandbox;

/// <summary>Completes ids of sandboxes.</summary>
public sealed class SandboxCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken) =>
        (await client.GetSandboxesAsync(cancellationToken)).Select(sandbox => new Suggestion(sandbox.Id, $"{sandbox.State}, {sandbox.Engine}"));
}

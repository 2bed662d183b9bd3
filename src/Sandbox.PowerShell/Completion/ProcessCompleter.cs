using Sandbox.Client;

namespace Sandbox;

/// <summary>Completes ids of processes, of the sandbox that is named.</summary>
public sealed class ProcessCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        string sandbox = bound.Session?.SandboxId ?? bound.Sandbox?.Id ?? bound.DefaultSandbox;
        return (await client.GetProcessesAsync(sandbox, includeCommands: false, wake: false, cancellationToken))
            .Select(process => new Suggestion(process.Id, $"{process.State}, {process.Command}"));
    }
}

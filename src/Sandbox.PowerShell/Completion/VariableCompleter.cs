using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes names of environment variables, of the session or sandbox that is named.</summary>
public sealed class VariableCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        string sandbox = bound.Session?.SandboxId ?? bound.Sandbox?.Id ?? bound.DefaultSandbox;
        EnvironmentState state = await client.GetEnvironmentAsync(sandbox, bound.Session?.Id, reveal: false, wake: false, cancellationToken);
        return state.Env.Keys.Order(StringComparer.Ordinal).Select(name => new Suggestion(name, state.Secrets.Contains(name) ? "a secret" : state.Env[name] ?? ""));
    }
}

using System.Globalization;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Completes the ports on which programs of the sandbox listen.</summary>
public sealed class PortCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken)
    {
        string sandbox = bound.Session?.SandboxId ?? bound.Sandbox?.Id ?? bound.DefaultSandbox;
        return (await client.GetPortsAsync(sandbox, bound.Session?.Id, wake: false, cancellationToken))
            .Select(port => new Suggestion(port.ToString(CultureInfo.InvariantCulture), $"a program in '{sandbox}' listens", IsNumber: true));
    }
}

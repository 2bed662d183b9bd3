using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Takes back what Connect-SandboxServer chose, and forgets the key. Nothing is stopped.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "SandboxServer")]
[OutputType(typeof(void))]
public sealed class DisconnectSandboxServerCommand : SandboxServerCommandBase
{
    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (ServerChoice.Current?.Endpoint is { } endpoint)
        {
            ServerDirectory.Remember(endpoint, null);
        }

        ServerChoice.Current = null;
    }
}

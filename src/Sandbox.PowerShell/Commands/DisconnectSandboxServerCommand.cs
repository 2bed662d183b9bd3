using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Takes back what Connect-SandboxServer chose, and forgets the key. Nothing is stopped.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "SandboxServer")]
[OutputType(typeof(void))]
public sealed class DisconnectSandboxServerCommand : SandboxServerCommandBase
{
    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (ModuleState.Connection?.Endpoint is { } endpoint)
        {
            ModuleState.Clients.SetKey(endpoint, null);
        }

        ModuleState.Connection = null;
    }
}

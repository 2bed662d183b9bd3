using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Reverts Connect-SandboxServer and discards the API key. Nothing is stopped.</summary>
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

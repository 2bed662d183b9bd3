using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Stops the server in use and the processes of its sandboxes. Files stay, and the next cmdlet starts it again.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SandboxServer", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxServer))]
public sealed class StopSandboxServerCommand : SandboxServerCommandBase
{
    /// <summary>Returns the server as it is then.</summary>
    [Parameter(HelpMessage = "Returns the server.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (Peek() is { } client && ShouldProcess(client.Server, "Stop server and end the processes of its sandboxes"))
        {
            try
            {
                TryInvoke(client.Server, client.StopServerAsync);
            }
            catch (ServerUnreachableException) when (ModuleState.Clients.IsLocalDefault(ModuleState.Connection))
            {
                WriteVerbose("No local server is running.");
            }
        }

        if (PassThru && Look() is { } server)
        {
            WriteObject(server);
        }
    }
}

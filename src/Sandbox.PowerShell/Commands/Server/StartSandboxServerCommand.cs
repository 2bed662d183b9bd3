using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Starts the local server if it is not running. Other cmdlets start it when they need it.</summary>
[Cmdlet(VerbsLifecycle.Start, "SandboxServer", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxServer))]
public sealed class StartSandboxServerCommand : SandboxServerCommandBase
{
    /// <summary>Returns the server.</summary>
    [Parameter(HelpMessage = "Returns the server.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (!ShouldProcess("the local server", "Start"))
        {
            return;
        }

        SandboxClient client = RunOrTerminate(null, () => Wait(token => ModuleState.Clients.StartAsync(WriteVerboseLater, token))).WithTrace(Trace);
        if (PassThru)
        {
            WriteObject(new SandboxServer(client.Server, Ask(client), true, ModuleState.DefaultSandbox));
        }
    }
}

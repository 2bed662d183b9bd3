using System.Globalization;
using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Stops forwarding local ports and closes their connections.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "SandboxPort", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectSandboxPortCommand : SandboxCommandBase
{
    /// <summary>The local ports: numbers, or objects of Get-SandboxPort.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Local ports: numbers or objects.")]
    [LocalPortTransformation]
    [ArgumentCompleter(typeof(LocalPortCompleter))]
    [ValidateNotNullOrEmpty]
    public int[] LocalPort { get; set; } = [];

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (int localPort in LocalPort)
        {
            if (ModuleState.Forwards.Find(localPort) is not { } forward)
            {
                WriteError(Errors.PortForwardNotFound(localPort, ModuleState.Forwards.EndReason(localPort)));
            }
            else if (ShouldProcess(localPort.ToString(CultureInfo.InvariantCulture), $"Stop forwarding to {forward.SandboxId}:{forward.Port}"))
            {
                forward.Dispose();
            }
        }
    }
}

using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Stops the processes of sandboxes and keeps their files and sessions; the next command starts them again.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxInstance))]
public sealed class StopSandboxCommand : WholeSandboxCommandBase
{
    /// <summary>Returns the sandboxes as they are then.</summary>
    [Parameter(HelpMessage = "Returns the sandboxes.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(Targets, "Stop sandbox", async (sandbox, token) =>
    {
        await sandbox.Sandbox.StopAsync(token);
        return PassThru ? new SandboxInstance(await sandbox.Sandbox.GetAsync(token), sandbox.Sandbox.Server) : (object?)null;
    });
}

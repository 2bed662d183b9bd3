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
        await sandbox.Client.StopSandboxAsync(sandbox.SandboxId, token);
        return PassThru ? new SandboxInstance(await sandbox.Client.GetSandboxAsync(sandbox.SandboxId, token), sandbox.Client.Server) : (object?)null;
    });
}

using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Removes exited processes and their output.</summary>
[Cmdlet(VerbsCommon.Remove, "SandboxProcess", SupportsShouldProcess = true, DefaultParameterSetName = "Process")]
[OutputType(typeof(void))]
public sealed class RemoveSandboxProcessCommand : SandboxProcessCommandBase
{
    /// <summary>Kills processes that are still running.</summary>
    [Parameter(HelpMessage = "Kills processes that are still running.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(FindTargets(found => Force || found.HasEnded), "Remove process", RemoveAsync);

    private async Task RemoveAsync(ResourceTarget process, CancellationToken cancellationToken)
    {
        if (Force && !(await process.Client.GetProcessAsync(process.SandboxId, process.Id, cancellationToken)).HasEnded)
        {
            await process.Client.SignalAsync(process.SandboxId, process.Id, "KILL", cancellationToken);
            await process.Client.WaitProcessAsync(process.SandboxId, process.Id, null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken);
        }

        await process.Client.RemoveProcessAsync(process.SandboxId, process.Id, cancellationToken);
    }
}

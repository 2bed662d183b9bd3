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
    protected override void ProcessRecord()
    {
        foreach (ProcessTarget process in FindTargets(found => Force || found.HasEnded))
        {
            if (ShouldProcess(process.ToString(), "Remove process"))
            {
                TryInvoke(process.ToString(), token => RemoveAsync(process, token));
            }
        }
    }

    private async Task RemoveAsync(ProcessTarget process, CancellationToken cancellationToken)
    {
        if (Force && !(await process.Client.GetProcessAsync(process.SandboxId, process.Id, cancellationToken)).HasEnded)
        {
            await process.Client.SignalAsync(process.SandboxId, process.Id, "KILL", cancellationToken);
            await process.Client.WaitProcessAsync(process.SandboxId, process.Id, null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken);
        }

        await process.Client.RemoveProcessAsync(process.SandboxId, process.Id, cancellationToken);
    }
}

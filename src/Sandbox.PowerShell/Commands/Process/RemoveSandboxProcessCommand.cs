using System.Management.Automation;
using Sandbox.Client;

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

    private async Task RemoveAsync(ProcessHandle process, CancellationToken cancellationToken)
    {
        if (Force && !(await process.GetAsync(cancellationToken)).HasEnded)
        {
            await process.SignalAsync("KILL", cancellationToken);
            await process.WaitAsync(null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken);
        }

        await process.RemoveAsync(cancellationToken);
    }
}

using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Stops processes with everything they started, and waits until they are gone; or sends them another signal.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SandboxProcess", SupportsShouldProcess = true, DefaultParameterSetName = "Process")]
[OutputType(typeof(SandboxProcess))]
public sealed class StopSandboxProcessCommand : SandboxProcessCommandBase
{
    private readonly List<ProcessTarget> _signalled = [];

    /// <summary>All processes of the sandbox, in one step.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All", HelpMessage = "Selects all processes of the sandbox.")]
    public SwitchParameter All { get; set; }

    /// <summary>The signal, by name. TERM, INT and KILL stop: what does not heed the first two within seconds is killed. Any other is sent and no more.</summary>
    [Parameter(HelpMessage = "The name of the signal.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string Signal { get; set; } = "TERM";

    /// <summary>Kills at once, without asking first.</summary>
    [Parameter(HelpMessage = "Sends KILL, without a grace period.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Emits the processes as they are then.</summary>
    [Parameter(HelpMessage = "Returns the processes.")]
    public SwitchParameter PassThru { get; set; }

    private string Name => Force ? "KILL" : Signal;

    private bool Stops => Name is "TERM" or "INT" or "KILL" or "SIGTERM" or "SIGINT" or "SIGKILL";

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Force && MyInvocation.BoundParameters.ContainsKey(nameof(Signal)))
        {
            ThrowTerminatingError(Errors.InvalidArgument("-Force sends the signal KILL. Use either -Force or -Signal.", Signal));
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (All)
        {
            foreach (IGrouping<string, SandboxProcess> group in this.FindProcesses(new("*"), Sandbox, includeCommands: false)
                .Where(process => !process.HasEnded).GroupBy(process => process.Server + ' ' + process.SandboxId))
            {
                SandboxProcess first = group.First();
                SandboxTarget place = new(ClientOf(first.Server), first.SandboxId);
                if (ShouldProcess($"{group.Count()} processes in {place}", $"Send {Name}")
                    && TryInvoke(place.ToString(), token => place.Client.SignalAllAsync(place.SandboxId, Name, token)))
                {
                    _signalled.AddRange(group.Select(process => new ProcessTarget(place, process.Id)));
                }
            }

            return;
        }

        foreach (ProcessTarget process in FindTargets(found => !found.HasEnded))
        {
            if (ShouldProcess(process.ToString(), Stops ? "Stop process" : $"Send {Name}")
                && TryInvoke(process.ToString(), token => process.Client.SignalAsync(process.SandboxId, process.Id, Name, token)))
            {
                _signalled.Add(process);
            }
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        // All were told before the first is waited for.
        foreach (ProcessTarget process in _signalled)
        {
            if (TryInvoke(process.ToString(), token => RefreshAsync(process, token), out ProcessInfo? info) && PassThru)
            {
                WriteObject(process.ToObject(info));
            }
        }
    }

    private async Task<ProcessInfo> RefreshAsync(ProcessTarget process, CancellationToken cancellationToken) => Stops
        ? (await process.Client.WaitProcessAsync(process.SandboxId, process.Id, null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken)).Process
        : await process.Client.GetProcessAsync(process.SandboxId, process.Id, cancellationToken);
}

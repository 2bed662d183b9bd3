using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Stops processes and their child processes and waits for their exit, or sends them another signal.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SandboxProcess", SupportsShouldProcess = true, DefaultParameterSetName = "Process")]
[OutputType(typeof(SandboxProcess))]
public sealed class StopSandboxProcessCommand : SandboxProcessCommandBase
{
    private readonly List<ResourceTarget> _signalled = [];

    /// <summary>Selects all processes of the sandbox, in one request.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All", HelpMessage = "Selects all processes of the sandbox.")]
    public SwitchParameter All { get; set; }

    /// <summary>The name of the signal. TERM and INT are followed by KILL after a grace period. Other signals are only sent.</summary>
    [Parameter(HelpMessage = "The name of the signal.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string Signal { get; set; } = "TERM";

    /// <summary>Sends KILL, without a grace period.</summary>
    [Parameter(HelpMessage = "Sends KILL, without a grace period.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the processes as they are then.</summary>
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
                    _signalled.AddRange(group.Select(process => new ResourceTarget(place, process.Id)));
                }
            }

            return;
        }

        foreach (ResourceTarget process in FindTargets(found => !found.HasEnded))
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
        // All were signalled before the first wait.
        foreach (ResourceTarget process in _signalled)
        {
            if (TryInvoke(process.ToString(), token => RefreshAsync(process, token), out ProcessInfo? info) && PassThru)
            {
                WriteObject(new SandboxProcess(info, process.SandboxId, process.Client.Server));
            }
        }
    }

    private async Task<ProcessInfo> RefreshAsync(ResourceTarget process, CancellationToken cancellationToken) => Stops
        ? (await process.Client.WaitProcessAsync(process.SandboxId, process.Id, null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken)).Process
        : await process.Client.GetProcessAsync(process.SandboxId, process.Id, cancellationToken);
}

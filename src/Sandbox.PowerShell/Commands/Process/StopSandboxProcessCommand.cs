using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Stops processes and their child processes and waits for their exit, or sends them another signal.</summary>
[Cmdlet(VerbsLifecycle.Stop, "SandboxProcess", SupportsShouldProcess = true, DefaultParameterSetName = "Process")]
[OutputType(typeof(SandboxProcess))]
public sealed class StopSandboxProcessCommand : SandboxProcessCommandBase
{
    private readonly List<ProcessHandle> _signalled = [];

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
                SandboxHandle sandbox = ClientOf(first.Server).Sandbox(first.SandboxId);
                if (ShouldProcess($"{group.Count()} processes in {sandbox}", $"Send {Name}")
                    && TryInvoke(sandbox.ToString(), token => sandbox.SignalAllAsync(Name, token)))
                {
                    _signalled.AddRange(group.Select(process => sandbox.Process(process.Id)));
                }
            }

            return;
        }

        foreach (ProcessHandle process in FindTargets(found => !found.HasEnded))
        {
            if (ShouldProcess(process.ToString(), Stops ? "Stop process" : $"Send {Name}")
                && TryInvoke(process.ToString(), token => process.SignalAsync(Name, token)))
            {
                _signalled.Add(process);
            }
        }
    }

    /// <inheritdoc />
    protected override void EndProcessing()
    {
        // All were signalled before the first wait.
        foreach (ProcessHandle process in _signalled)
        {
            if (TryInvoke(process.ToString(), token => RefreshAsync(process, token), out ProcessInfo? info) && PassThru)
            {
                WriteObject(new SandboxProcess(info, process.Sandbox));
            }
        }
    }

    private async Task<ProcessInfo> RefreshAsync(ProcessHandle process, CancellationToken cancellationToken) => Stops
        ? (await process.WaitAsync(null, Timeout.InfiniteTimeSpan, wake: true, cancellationToken)).Process
        : await process.GetAsync(cancellationToken);
}

using System.Management.Automation;
using System.Net.Sockets;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Forwards local ports into sandboxes, independent of their network, until Disconnect-SandboxPort, the exit of the process, or the exit of
/// this shell.</summary>
[Cmdlet(VerbsCommunications.Connect, "SandboxPort", SupportsShouldProcess = true, DefaultParameterSetName = "Session")]
[OutputType(typeof(SandboxPort))]
public sealed class ConnectSandboxPortCommand : SandboxTargetCommandBase
{
    /// <summary>The ports in the sandbox, on which programs listen.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The ports in the sandbox.")]
    [ValidateRange(PortNumber.Smallest, PortNumber.Largest)]
    [ArgumentCompleter(typeof(PortCompleter))]
    public int[] Port { get; set; } = [];

    /// <summary>The ports of this machine, one for each of <c>-Port</c>; 0 or no value for any free ones.</summary>
    [Parameter(HelpMessage = "The local ports. Default: any free port.")]
    [LocalPortTransformation]
    [ValidateRange(0, PortNumber.Largest)]
    [ValidateNotNullOrEmpty]
    public int[]? LocalPort { get; set; }

    /// <summary>The sessions of the sandboxes: objects, ids, or <c>sandbox/session</c>.</summary>
    [Parameter(ParameterSetName = "Session", ValueFromPipeline = true, HelpMessage = "Sessions: objects or ids.")]
    [ReferenceTransformation<SessionReference>]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <summary>The processes that listen on the ports: objects, ids, <c>sandbox/process</c>, or patterns. Waits until they listen;
    /// forwarding ends with their exit.</summary>
    [Parameter(
        ParameterSetName = "Process", Mandatory = true, ValueFromPipeline = true,
        HelpMessage = "The processes that serve the ports: objects, ids or patterns.")]
    [ReferenceTransformation<ProcessReference>]
    [ArgumentCompleter(typeof(ProcessCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public ProcessReference[]? Process { get; set; }

    /// <summary>Seconds, or a TimeSpan, after which the wait for the process to listen fails with <c>WaitTimedOut</c>. Default: no limit.</summary>
    [Parameter(ParameterSetName = "Process", HelpMessage = "Seconds, or a TimeSpan, to wait for the process to listen on the port.")]
    [SecondsTransformation]
    [ValidateRange(Seconds.Shortest, Seconds.Longest)]
    [Alias("TimeoutSec")]
    public double? TimeoutSeconds { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (LocalPort is not null && LocalPort.Length != Port.Length)
        {
            ThrowTerminatingError(Errors.InvalidArgument(
                $"-Port has {Port.Length} ports and -LocalPort has {LocalPort.Length}. Specify one local port for each port, or none.", LocalPort));
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (Process is not null)
        {
            foreach (ProcessHandle process in this.FindProcessTargets(Process, SandboxesBeside(Process), found => found.State == ProcessState.Running))
            {
                Connect(new SandboxTarget(process.Sandbox), process);
            }

            return;
        }

        foreach (SandboxTarget target in this.Resolve(Session, SandboxesBeside(Session)))
        {
            Connect(target, null);
        }
    }

    // Query the listener instead of connecting: the program must not see an extra connection.
    private static async Task<bool> RequireListenerAsync(SandboxHandle sandbox, int port, CancellationToken cancellationToken) =>
        (await sandbox.GetPortsAsync(wake: true, cancellationToken)).Contains(port)
            ? true
            : throw new ApiException(
                ErrorCodes.PortNotListening, $"No program in the sandbox '{sandbox.Id}' listens on port {port}. Start it first, then connect.");

    private void Connect(SandboxTarget target, ProcessHandle? process)
    {
        for (int i = 0; i < Port.Length; i++)
        {
            int port = Port[i];
            if (ShouldProcess($"{target.SandboxId}:{port}", "Forward a local port")
                && (process is null ? IsListenedOn(target, port) : IsServed(process, port)))
            {
                Forward(target.Sandbox, process?.Id, port, LocalPort?[i] ?? 0);
            }
        }
    }

    private bool IsListenedOn(SandboxTarget target, int port) =>
        TryInvoke($"{target.SandboxId}:{port}", token => target.UseAsync(sandbox => RequireListenerAsync(sandbox, port, token), token));

    private bool IsServed(ProcessHandle process, int port)
    {
        ErrorRecord? failure = null;
        bool hasWaited = TryRun(process.ToString(), () =>
        {
            ProcessWait wait = this.RunWithProgress(
                "Waiting for a process", $"Waiting for '{process}' to listen on port {port}",
                token => ProcessWait.WaitAsync(process, new PortCondition(port, null, null), Seconds.ToLimit(TimeoutSeconds), token), _ => { });
            failure = wait.ToError($"port {port}", TimeoutSeconds);
        });
        if (failure is not null)
        {
            WriteError(failure);
        }

        return hasWaited && failure is null;
    }

    private void Forward(SandboxHandle sandbox, string? process, int port, int localPort)
    {
        try
        {
            PortForward forward = PortForward.Start(sandbox, process, port, localPort);
            ModuleState.Forwards.Add(forward);
            WriteObject(new SandboxPort(forward));
        }
        catch (SocketException e)
        {
            WriteError(Errors.LocalPortUnavailable(localPort, e));
        }
    }
}

using System.Management.Automation;
using System.Net.Sockets;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Forwards local ports into sandboxes, whatever network these have, until Disconnect-SandboxPort or the end of this process.</summary>
[Cmdlet(VerbsCommunications.Connect, "SandboxPort", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxPort))]
public sealed class ConnectSandboxPortCommand : SandboxTargetCommandBase
{
    /// <summary>The ports in the sandbox, on which programs listen.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The ports in the sandbox.")]
    [ValidateRange(PortNumber.Smallest, PortNumber.Largest)]
    [ArgumentCompleter(typeof(PortCompleter))]
    public int[] Port { get; set; } = [];

    /// <summary>The ports of this machine, one for each of <c>-Port</c>; any free ones when left out, or for 0.</summary>
    [Parameter(HelpMessage = "The ports of this machine; any free ones when left out.")]
    [LocalPortTransformation]
    [ValidateRange(0, PortNumber.Largest)]
    [ValidateNotNullOrEmpty]
    public int[]? LocalPort { get; set; }

    /// <summary>The sessions whose sandboxes are meant: objects, ids, or <c>sandbox/session</c>.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Sessions: objects or ids.")]
    [SessionTransformation]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNullOrEmpty]
    public SessionReference[]? Session { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (LocalPort is not null && LocalPort.Length != Port.Length)
        {
            ThrowTerminatingError(Errors.InvalidArgument($"-Port names {Port.Length} ports and -LocalPort {LocalPort.Length}. Give one local port for each, or none.", LocalPort));
        }
    }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (Target target in this.Resolve(Session, SandboxesBeside(Session)))
        {
            for (int i = 0; i < Port.Length; i++)
            {
                int port = Port[i];
                if (ShouldProcess($"{target.SandboxId}:{port}", "Forward a local port to it")
                    && TryWait($"{target.SandboxId}:{port}", token => target.UseAsync(() => RequireListenerAsync(target, port, token), token)))
                {
                    Forward(target, port, LocalPort?[i] ?? 0);
                }
            }
        }
    }

    // Asked for, not tried: a program must not see connections that nobody made.
    private static async Task<bool> RequireListenerAsync(Target target, int port, CancellationToken cancellationToken) =>
        (await target.Client.GetPortsAsync(target.SandboxId, target.SessionId, wake: true, cancellationToken)).Contains(port)
            ? true
            : throw new ApiException(ErrorCodes.PortNotListening, $"No program in the sandbox '{target.SandboxId}' listens on port {port}. Start it first, then connect.");

    private void Forward(Target target, int port, int localPort)
    {
        try
        {
            PortForward forward = PortForward.Start(target.Client, target.SandboxId, port, localPort);
            PortForwards.Add(forward);
            WriteObject(new SandboxPort(forward));
        }
        catch (SocketException e)
        {
            WriteError(Errors.LocalPortUnavailable(localPort, e));
        }
    }
}

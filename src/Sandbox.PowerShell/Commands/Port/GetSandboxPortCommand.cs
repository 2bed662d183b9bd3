using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Lists the local ports that this runspace forwards into sandboxes.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxPort")]
[OutputType(typeof(SandboxPort))]
public sealed class GetSandboxPortCommand : SandboxCommandBase
{
    private bool _sandboxIsNamed;

    /// <summary>The local ports; all when left out. An object is looked up again.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Local ports. Default: all.")]
    [LocalPortTransformation]
    [ArgumentCompleter(typeof(LocalPortCompleter))]
    [ValidateNotNullOrEmpty]
    public int[]? LocalPort { get; set; }

    /// <summary>Only forwards to these sandbox ports.</summary>
    [Parameter(HelpMessage = "Only forwards to these sandbox ports.")]
    [ValidateRange(PortNumber.Smallest, PortNumber.Largest)]
    public int[]? Port { get; set; }

    /// <summary>Only forwards to these sandboxes: objects, ids or patterns.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Only forwards to these sandboxes.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public SandboxReference[]? Sandbox { get; set; }

    /// <inheritdoc />
    protected override void BeginProcessing() => _sandboxIsNamed = MyInvocation.BoundParameters.ContainsKey(nameof(Sandbox));

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        // A piped number binds to both parameters; it is a port.
        SandboxReference[]? sandboxes = LocalPort is null || _sandboxIsNamed ? Sandbox : null;
        IEnumerable<PortForward> found = LocalPort is null ? ModuleState.Forwards.All : LocalPort.Select(Find).OfType<PortForward>();
        foreach (PortForward forward in found)
        {
            if (Port?.Contains(forward.Port) != false && sandboxes?.Any(sandbox => Means(sandbox, forward)) != false)
            {
                WriteObject(new SandboxPort(forward));
            }
        }
    }

    private static bool Means(SandboxReference sandbox, PortForward forward) =>
        new WildcardPattern(sandbox.Id, WildcardOptions.IgnoreCase).IsMatch(forward.SandboxId) && (sandbox.Server ?? forward.Server) == forward.Server;

    private PortForward? Find(int localPort)
    {
        PortForward? forward = ModuleState.Forwards.Find(localPort);
        if (forward is null)
        {
            WriteError(Errors.PortForwardNotFound(localPort, ModuleState.Forwards.EndReason(localPort)));
        }

        return forward;
    }
}

using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Stops the processes of sandboxes and keeps their files and sessions; the next command starts them again.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(SandboxInstance))]
public sealed class StopSandboxCommand : SandboxCommandBase
{
    /// <summary>The sandboxes: objects, ids or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Sandboxes: objects, ids or patterns.")]
    [ReferenceTransformation<SandboxReference>]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [Alias("Id")]
    public SandboxReference[] Sandbox { get; set; } = [];

    /// <summary>Returns the sandboxes as they are then.</summary>
    [Parameter(HelpMessage = "Returns the sandboxes.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach ((SandboxClient client, string id) in this.FindSandboxIds(Sandbox))
        {
            if (ShouldProcess(id, "Stop sandbox") && TryInvoke(id, token => client.StopSandboxAsync(id, token)) && PassThru)
            {
                WriteObject(this.FindSandboxes(new SandboxReference(id) { Server = client.Server }), enumerateCollection: true);
            }
        }
    }
}

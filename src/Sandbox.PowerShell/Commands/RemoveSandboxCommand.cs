using System.Management.Automation;
using Sandbox.Client;

namespace Sandbox.Commands;

/// <summary>Removes sandboxes and their content.</summary>
[Cmdlet(VerbsCommon.Remove, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveSandboxCommand : SandboxCommandBase
{
    /// <summary>The sandboxes: objects, ids or patterns.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, HelpMessage = "Sandboxes: objects, ids or patterns.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [Alias("Id")]
    public SandboxReference[] Sandbox { get; set; } = [];

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach ((SandboxClient client, string id) in this.FindSandboxIds(Sandbox))
        {
            if (ShouldProcess(id, "Remove sandbox with its files, sessions and processes"))
            {
                TryInvoke(id, token => client.RemoveSandboxAsync(id, token));
            }
        }
    }
}

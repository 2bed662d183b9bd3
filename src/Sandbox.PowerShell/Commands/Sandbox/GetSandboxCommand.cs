using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Lists sandboxes, or finds them by id.</summary>
[Cmdlet(VerbsCommon.Get, "Sandbox")]
[OutputType(typeof(SandboxInstance))]
public sealed class GetSandboxCommand : SandboxCommandBase
{
    private static readonly SandboxReference[] All = [new("*")];

    /// <summary>The ids, or patterns; a sandbox object is looked up again.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, HelpMessage = "Ids or patterns.")]
    [ReferenceTransformation<SandboxReference>]
    [ArgumentCompleter(typeof(SandboxCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public SandboxReference[]? Id { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach (SandboxReference reference in Id ?? All)
        {
            WriteObject(this.FindSandboxes(reference), enumerateCollection: true);
        }
    }
}

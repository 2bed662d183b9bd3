using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Removes files, links and directories from sandboxes.</summary>
[Cmdlet(VerbsCommon.Remove, "SandboxItem", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(void))]
public sealed class RemoveSandboxItemCommand : SandboxPathCommandBase
{
    /// <summary>Removes directories with their content.</summary>
    [Parameter(HelpMessage = "Removes directories with their content.")]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Includes names that begin with a dot in wildcards.</summary>
    [Parameter(HelpMessage = "Includes hidden items.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(RemotePaths(Path, Force), "Remove item", (remote, token) => remote.RemoveAsync(Recurse, token));
}

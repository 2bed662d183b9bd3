using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Finds files, directories and links in sandboxes.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxItem", DefaultParameterSetName = PathSet)]
[OutputType(typeof(SandboxItem))]
public sealed class GetSandboxItemCommand : SandboxPathCommandBase
{
    /// <summary>Includes names that begin with a dot in wildcards.</summary>
    [Parameter(HelpMessage = "Includes hidden items.")]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach ((RemotePath remote, FileEntry entry) in Items(Path, Force))
        {
            WriteObject(new SandboxItem(entry, remote.Target));
        }
    }
}

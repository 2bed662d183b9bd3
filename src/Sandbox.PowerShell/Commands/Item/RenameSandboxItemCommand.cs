using System.Management.Automation;
using Sandbox.Protocol;

namespace Sandbox.Commands;

/// <summary>Renames files, directories and links of sandboxes.</summary>
[Cmdlet(VerbsCommon.Rename, "SandboxItem", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(SandboxItem))]
public sealed class RenameSandboxItemCommand : SandboxPathCommandBase
{
    /// <summary>The new name, not a path.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "The new name.")]
    [ValidatePattern(@"^[^/\0]+$")]
    public string NewName { get; set; } = "";

    /// <summary>Overwrites an existing file.</summary>
    [Parameter(HelpMessage = "Overwrites an existing file.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the item.</summary>
    [Parameter(HelpMessage = "Returns the item.")]
    public SwitchParameter PassThru { get; set; }

    private protected override bool MustMatch => true;

    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        foreach ((RemotePath remote, FileEntry entry) in Items(Path, Force))
        {
            ForEach([remote], $"Rename to '{NewName}'", async (_, token) =>
            {
                RemotePath renamed = remote with { Path = entry.ExactPath[..(entry.ExactPath.LastIndexOf('/') + 1)] + NewName };
                await remote.MoveAsync(renamed.Path, Force, token);
                return PassThru ? await renamed.ToItemAsync(token) : (object?)null;
            });
        }
    }
}

using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Moves files, directories and links within a sandbox: into an existing directory, otherwise to exactly the destination path.</summary>
[Cmdlet(VerbsCommon.Move, "SandboxItem", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(SandboxItem))]
public sealed class MoveSandboxItemCommand : SandboxPathCommandBase
{
    /// <summary>An existing directory, or the new path.</summary>
    [Parameter(Mandatory = true, Position = 1, HelpMessage = "An existing directory, or the new path.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PathCompleter))]
    public string Destination { get; set; } = "";

    /// <summary>Overwrites an existing file.</summary>
    [Parameter(HelpMessage = "Overwrites an existing file.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Returns the item.</summary>
    [Parameter(HelpMessage = "Returns the item.")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(RemotePaths(Path, Force), $"Move to '{Destination}'", async (remote, token) =>
    {
        RemotePath destination = await (remote with { Path = Destination }).WithNameAsync(await remote.NameAsync(token), token);
        await remote.MoveAsync(destination.Path, Force, token);
        return PassThru ? await destination.ToItemAsync(token) : (object?)null;
    });
}

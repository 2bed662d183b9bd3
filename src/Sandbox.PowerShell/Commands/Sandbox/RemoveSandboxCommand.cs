using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Removes sandboxes and their content.</summary>
[Cmdlet(VerbsCommon.Remove, "Sandbox", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveSandboxCommand : WholeSandboxCommandBase
{
    /// <inheritdoc />
    protected override void ProcessRecord() => ForEach(
        Targets, "Remove sandbox with its files, sessions and processes", (sandbox, token) => sandbox.Sandbox.RemoveAsync(token));
}

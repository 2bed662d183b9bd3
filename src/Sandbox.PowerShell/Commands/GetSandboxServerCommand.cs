using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Shows the server in use. It starts none.</summary>
[Cmdlet(VerbsCommon.Get, "SandboxServer")]
[OutputType(typeof(SandboxServer))]
public sealed class GetSandboxServerCommand : SandboxServerCommandBase
{
    /// <inheritdoc />
    protected override void ProcessRecord()
    {
        if (Look() is { } server)
        {
            WriteObject(server);
        }
    }
}

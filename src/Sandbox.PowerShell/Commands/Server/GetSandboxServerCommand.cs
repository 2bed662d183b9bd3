using System.Management.Automation;

namespace Sandbox.Commands;

/// <summary>Returns the server in use without starting it.</summary>
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

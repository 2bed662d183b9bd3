using System.Management.Automation;
using System.Reflection;

namespace Sandbox.Tests;

/// <summary>Stands in for <c>Select-Object -First 1</c>, which is not part of the engine's own package: it stops what is upstream the same way.</summary>
[Cmdlet(VerbsCommon.Select, "First")]
public sealed class SelectFirstCommand : PSCmdlet
{
    [Parameter(ValueFromPipeline = true)]
    public object? InputObject { get; set; }

    protected override void ProcessRecord()
    {
        WriteObject(InputObject);
        Type stop = typeof(PSCmdlet).Assembly.GetType("System.Management.Automation.StopUpstreamCommandsException", throwOnError: true)!;
        throw (Exception)Activator.CreateInstance(stop, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, null, [this], null)!;
    }
}

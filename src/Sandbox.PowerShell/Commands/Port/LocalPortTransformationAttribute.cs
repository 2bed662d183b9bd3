using System.Management.Automation;

namespace Sandbox;

/// <summary>Takes local ports as numbers, and as the objects of Connect-SandboxPort and Get-SandboxPort, also deserialized ones.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LocalPortTransformationAttribute : ElementTransformationAttribute<int>
{
    private protected override int Read(object? value)
    {
        object? number = value.Unwrap() switch
        {
            SandboxPort port => port.LocalPort,
            PSCustomObject when new DeserializedObject((PSObject)value!) is var bag && bag.IsOf(typeof(SandboxPort)) =>
                bag.Number(nameof(SandboxPort.LocalPort)),
            var plain => plain,
        };
        return number is int or long or double or string && LanguagePrimitives.TryConvertTo(number, out int read)
            ? read
            : throw new PSInvalidCastException($"'{value}' is not a local port. Specify a number or an object from Get-SandboxPort.");
    }
}

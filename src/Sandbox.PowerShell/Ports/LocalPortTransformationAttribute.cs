using System.Collections;
using System.Management.Automation;

namespace Sandbox;

/// <summary>Takes local ports as numbers, and as the objects of Connect-SandboxPort and Get-SandboxPort, also ones that were selected from or came from another process.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LocalPortTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return plain switch
        {
            null => null!,
            string or not IEnumerable => new[] { Read(inputData) },
            IEnumerable many => many.Cast<object?>().Select(Read).ToArray(),
        };
    }

    private static int Read(object? value)
    {
        object? plain = value is PSObject wrapped ? wrapped.BaseObject : value;
        object? number = plain switch
        {
            SandboxPort port => port.LocalPort,
            PSCustomObject when new DeserializedObject((PSObject)value!) is var bag && bag.IsOf(typeof(SandboxPort)) => bag.Number(nameof(SandboxPort.LocalPort)),
            _ => plain,
        };
        if (number is int or long or double or string && LanguagePrimitives.TryConvertTo(number, out int read))
        {
            return read;
        }

        string message = $"'{value}' is not a local port. Specify a number or an object from Get-SandboxPort.";

        // This inner exception tells the binder to try the object on the next parameter.
        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}

using System.Collections;
using System.Management.Automation;
using System.Reflection;

namespace Sandbox;

/// <summary>Converts an argument, or each element of an enumerable one, before PowerShell tries to bind it by property name.</summary>
/// <typeparam name="T">The type of the parameter's elements.</typeparam>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ElementTransformationAttribute<T> : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public sealed override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => inputData.Unwrap() switch
    {
        // Left to the validation, which names the parameter.
        null => null!,
        IEnumerable many and not string => many.Cast<object?>().Select(Convert).ToArray(),
        _ => new[] { Convert(inputData) },
    };

    /// <summary>Converts one value.</summary>
    /// <param name="value">The value.</param>
    /// <exception cref="PSInvalidCastException">It cannot be converted.</exception>
    private protected abstract T Read(object? value);

    private T Convert(object? value)
    {
        try
        {
            return Read(value);
        }
        catch (PSInvalidCastException e)
        {
            // With this inner exception the binder tries the object on the next parameter.
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}

/// <summary>Converts arguments to references. It makes no requests, so an unknown id is an error of the cmdlet, not of parameter binding.</summary>
/// <typeparam name="T">The type of the references.</typeparam>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ReferenceTransformationAttribute<T> : ElementTransformationAttribute<T>
{
    private protected override T Read(object? value) => (T)Activator.CreateInstance(typeof(T), BindingFlags.DoNotWrapExceptions, null, [value], null)!;
}

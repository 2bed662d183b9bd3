using System.Collections;
using System.Management.Automation;

namespace Sandbox;

/// <summary>Converts arguments to references. It makes no requests, so an unknown id is an error of the cmdlet, not of parameter binding.</summary>
/// <typeparam name="T">The reference's type.</typeparam>
/// <param name="kind">What is wanted, for the message.</param>
/// <param name="read">Reads one value; null when it is not of the kind.</param>
public abstract class ReferenceTransformationAttribute<T>(string kind, Func<object?, T?> read) : ArgumentTransformationAttribute
    where T : class
{
    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? plain = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return plain switch
        {
            // Left to the validation, which names the parameter.
            null => null!,
            string or not IEnumerable => new[] { Read(inputData) },
            IEnumerable many => many.Cast<object?>().Select(Read).ToArray(),
        };
    }

    private T Read(object? value)
    {
        if (read(value) is { } reference)
        {
            return reference;
        }

        string message = value is null
            ? $"A value is null. Specify a {kind} or its id, or omit the parameter."
            : $"An object of type '{(value is PSObject wrapped ? wrapped.TypeNames[0] : value.GetType().FullName)}' is not a {kind} or the id of one.";

        // This inner exception tells the binder to try the object on the next parameter.
        throw new ArgumentTransformationMetadataException(message, new PSInvalidCastException(message));
    }
}

/// <summary>Takes sandboxes and their ids.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SandboxTransformationAttribute() : ReferenceTransformationAttribute<SandboxReference>("sandbox", SandboxReference.From);

/// <summary>Takes sessions, their ids, and <c>sandbox/session</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SessionTransformationAttribute() : ReferenceTransformationAttribute<SessionReference>("session", SessionReference.From);

/// <summary>Takes processes, their ids, and <c>sandbox/process</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ProcessTransformationAttribute() : ReferenceTransformationAttribute<ProcessReference>("process", ProcessReference.From);

/// <summary>Takes code contexts, their ids, and <c>sandbox/context</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ContextTransformationAttribute() : ReferenceTransformationAttribute<ContextReference>("code context", ContextReference.From);

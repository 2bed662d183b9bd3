using System.Management.Automation;

namespace Sandbox;

/// <summary>Takes a number of seconds or a <see cref="TimeSpan"/>.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecondsTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        (inputData is PSObject wrapped ? wrapped.BaseObject : inputData) is TimeSpan time ? time.TotalSeconds : inputData;
}

using System.Management.Automation;

namespace Sandbox;

/// <summary>Takes a server's address, or an object that <c>Get-SandboxServer</c> emitted, also one that came from another process.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ServerTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc />
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => inputData.Unwrap() switch
    {
        SandboxServer server => server.Uri!,
        Uri uri => uri.OriginalString,
        PSCustomObject when new DeserializedObject((PSObject)inputData) is var bag && bag.IsOf(typeof(SandboxServer)) => bag.Text(nameof(SandboxServer.Uri))!,
        _ => inputData,
    };
}

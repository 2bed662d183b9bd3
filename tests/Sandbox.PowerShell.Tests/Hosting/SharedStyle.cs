namespace Sandbox.Tests;

/// <summary>Tests that set <c>$PSStyle</c>, of which PowerShell has one for the whole process: no other test may write views meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SharedStyle
{
    public const string Name = "PSStyle";
}

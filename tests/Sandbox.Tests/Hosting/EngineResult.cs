using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>What a script emitted.</summary>
internal sealed record EngineResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    ErrorRecord? Terminating,
    IReadOnlyList<InformationRecord> Information,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<string> Warnings)
{
    /// <summary>The output as text; fails when there were errors.</summary>
    public string[] Texts => [.. Clean.Output.Select(item => item?.ToString() ?? "")];

    /// <summary>The one object; fails when there were errors.</summary>
    public dynamic One => Assert.Single(Clean.Output).BaseObject;

    /// <summary>The one error.</summary>
    public ErrorRecord Error => Assert.Single(Terminating is null ? Errors : [.. Errors, Terminating]);

    /// <summary>The one error's id, without the cmdlet's name.</summary>
    public string ErrorId => Error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>This, if there were no errors.</summary>
    public EngineResult Clean
    {
        get
        {
            Assert.True(Terminating is null && Errors.Count == 0, string.Join('\n', Errors.Append(Terminating).Select(error => $"{error?.FullyQualifiedErrorId}: {error}")));
            return this;
        }
    }
}

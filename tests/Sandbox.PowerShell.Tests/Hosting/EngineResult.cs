using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>What a script emitted.</summary>
internal sealed class EngineResult(
    IReadOnlyList<PSObject> output,
    IReadOnlyList<ErrorRecord> errors,
    ErrorRecord? terminating,
    IReadOnlyList<InformationRecord> information,
    IReadOnlyList<string> verbose,
    IReadOnlyList<string> warnings)
{
    private bool _areErrorsRead;

    public IReadOnlyList<PSObject> Output => output;

    public IReadOnlyList<InformationRecord> Information => information;

    public IReadOnlyList<string> Verbose => verbose;

    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>The error records after which the script went on.</summary>
    public IReadOnlyList<ErrorRecord> Errors
    {
        get
        {
            _areErrorsRead = true;
            return errors;
        }
    }

    /// <summary>The error that ended the script; null for none.</summary>
    public ErrorRecord? Terminating
    {
        get
        {
            _areErrorsRead = true;
            return terminating;
        }
    }

    /// <summary>The output as text; fails when there were errors.</summary>
    public string[] Texts => [.. Clean.Output.Select(item => item?.ToString() ?? "")];

    /// <summary>The one object; fails when there were errors.</summary>
    public dynamic One => Assert.Single(Clean.Output).BaseObject;

    /// <summary>The one error.</summary>
    public ErrorRecord Error => Assert.Single(AllErrors);

    /// <summary>The one error's id, without the cmdlet's name.</summary>
    public string ErrorId => Error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>This, if there were no errors.</summary>
    public EngineResult Clean
    {
        get
        {
            Assert.True(AllErrors.Count == 0, string.Join('\n', AllErrors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
            return this;
        }
    }

    private IReadOnlyList<ErrorRecord> AllErrors => Terminating is null ? Errors : [.. Errors, Terminating];

    /// <summary>Fails when there were errors that the test never looked at.</summary>
    public void RequireErrorsRead() => _ = _areErrorsRead ? this : Clean;
}

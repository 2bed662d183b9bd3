using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Output and errors of a script.</summary>
internal sealed class ScriptResult(
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

    /// <summary>Gets the non-terminating errors.</summary>
    public IReadOnlyList<ErrorRecord> Errors
    {
        get
        {
            _areErrorsRead = true;
            return errors;
        }
    }

    /// <summary>Gets the terminating error; null for none.</summary>
    public ErrorRecord? Terminating
    {
        get
        {
            _areErrorsRead = true;
            return terminating;
        }
    }

    /// <summary>Gets the output as text; fails when there were errors.</summary>
    public string[] Texts => [.. Clean.Output.Select(item => item?.ToString() ?? "")];

    /// <summary>Gets the only object; fails when there were errors.</summary>
    public dynamic One => Assert.Single(Clean.Output).BaseObject;

    public ErrorRecord Error => Assert.Single(AllErrors);

    /// <summary>Gets the id of the only error without the name of the cmdlet.</summary>
    public string ErrorId => Error.FullyQualifiedErrorId.Split(',')[0];

    /// <summary>Gets this result; fails when there were errors.</summary>
    public ScriptResult Clean
    {
        get
        {
            Assert.True(AllErrors.Count == 0, string.Join('\n', AllErrors.Select(error => $"{error.FullyQualifiedErrorId}: {error}")));
            return this;
        }
    }

    private IReadOnlyList<ErrorRecord> AllErrors => Terminating is null ? Errors : [.. Errors, Terminating];

    /// <summary>Fails when there were errors that the test did not check.</summary>
    public void RequireErrorsRead() => _ = _areErrorsRead ? this : Clean;
}

using System.Management.Automation;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Writes printed lines and shown objects as they come, and failures as errors.</summary>
internal sealed class CodeLinesWriter : CodeWriter
{
    private readonly LineSplitter _lines;
    private readonly LineSplitter _errorLines;

    /// <inheritdoc cref="CodeWriter(Cmdlet, CodeInvocation, ResultFiles)" />
    public CodeLinesWriter(Cmdlet cmdlet, CodeInvocation run, ResultFiles files)
        : base(cmdlet, run, files)
    {
        _lines = new(Cmdlet.WriteObject);
        _errorLines = new(WriteErrorLine);
    }

    /// <inheritdoc />
    public override void Finish(CodeExit? exit)
    {
        _lines.Finish();
        _errorLines.Finish();
        if (exit?.Restarted == true)
        {
            Cmdlet.WriteWarning($"The interpreter of the context '{Run}' had exited and its state was lost. This code runs in a new one.");
        }

        if (exit?.TimedOut == true)
        {
            Cmdlet.WriteError(Errors.CodeTimedOut(Run, exit));
        }
        else if (exit is { Error: not null, Cancelled: false })
        {
            Cmdlet.WriteError(Errors.CodeFailed(Run, new SandboxCodeError(exit.Error)));
        }
    }

    private protected override void WritePrinted(CodeOutput output) =>
        (output.Channel == OutputChannel.Output ? _lines : _errorLines).Add(output.Data.Span);

    private protected override void WriteShown(SandboxCodeOutput output)
    {
        // Half a line that was printed before comes before.
        _lines.Finish();
        Cmdlet.WriteObject(output);
    }

    private void WriteErrorLine(string line)
    {
        // Tagged as Write-Host tags its records, so that hosts show it, whatever the preferences are.
        InformationRecord record = new(new HostInformationMessage { Message = line }, Run.ToString());
        record.Tags.Add("PSHOST");
        record.Tags.Add("StandardError");
        Cmdlet.WriteInformation(record);
    }
}

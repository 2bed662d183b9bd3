using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Sandbox.Shell;

/// <summary>Where the engine's output goes: results to standard output, everything about them to standard error.</summary>
internal sealed class ConsoleUserInterface : PSHostUserInterface
{
    private const string StandardErrorTag = "StandardError";

    private readonly Questions? _questions;
    private readonly ProgressLine _progress = new();

    // The engine announces an information record right before it writes its text, on the same thread.
    private bool _nextIsError;

    // Whether the last text left the cursor behind it.
    private bool _isInLine;

    /// <summary>Makes the interface.</summary>
    /// <param name="editor">Where the engine asks; null when nobody is there.</param>
    public ConsoleUserInterface(LineEditor? editor) => _questions = editor is null ? null : new(editor);

    /// <summary>Whether results go to standard error too.</summary>
    public bool AllIsError { get; set; }

    /// <inheritdoc />
    public override PSHostRawUserInterface RawUI { get; } = new ConsoleRawUserInterface();

    /// <inheritdoc />
    public override bool SupportsVirtualTerminal { get; } = !Console.IsOutputRedirected && HasTerminal;

    private static bool ErrorSupportsVirtualTerminal { get; } = !Console.IsErrorRedirected && HasTerminal;

    private static bool HasTerminal => Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";

    /// <inheritdoc />
    public override void Write(string value)
    {
        bool isError = TakeIsError();
        WriteTo(isError ? Console.Error : Console.Out, GetOutputString(value, isError ? ErrorSupportsVirtualTerminal : SupportsVirtualTerminal));
    }

    /// <inheritdoc />
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    /// <inheritdoc />
    public override void WriteLine(string value) => Write(value + Environment.NewLine);

    /// <inheritdoc />
    public override void WriteErrorLine(string value) => WriteErrorText(GetOutputString(value, ErrorSupportsVirtualTerminal));

    /// <inheritdoc />
    public override void WriteDebugLine(string message) => WriteErrorText($"DEBUG: {message}");

    /// <inheritdoc />
    public override void WriteVerboseLine(string message) => WriteErrorText($"VERBOSE: {message}");

    /// <inheritdoc />
    public override void WriteWarningLine(string message) => WriteErrorText($"WARNING: {message}");

    /// <inheritdoc />
    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (_questions is not null && ErrorSupportsVirtualTerminal)
        {
            _progress.Show(record);
        }
    }

    /// <inheritdoc />
    public override void WriteInformation(InformationRecord record) => _nextIsError = record.Tags.Contains(StandardErrorTag);

    /// <inheritdoc />
    public override string ReadLine() => _questions is null ? Console.In.ReadLine() ?? "" : _questions.Line("");

    /// <inheritdoc />
    public override SecureString ReadLineAsSecureString() => _questions is null ? throw NotInteractive() : Questions.Secret("");

    /// <inheritdoc />
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        Ask().Values(caption, message, descriptions);

    /// <inheritdoc />
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) =>
        Ask().Choice(caption, message, choices, defaultChoice);

    /// <inheritdoc />
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName)
    {
        Questions questions = Ask();
        Console.Out.WriteLine($"{caption}\n{message}");
        return new(string.IsNullOrEmpty(userName) ? questions.Line("User: ") : userName, Questions.Secret("Password: "));
    }

    /// <inheritdoc />
    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        PromptForCredential(caption, message, userName, targetName);

    /// <summary>Goes to a line's beginning, if output has left the cursor elsewhere, and takes progress away.</summary>
    public void StartLine()
    {
        _progress.Clear();
        if (_isInLine)
        {
            Console.Out.WriteLine();
            _isInLine = false;
        }
    }

    private static PSInvalidOperationException NotInteractive() => new("This host cannot ask. Give all values and, where it is asked for, -Confirm:$false.");

    private Questions Ask()
    {
        StartLine();
        return _questions ?? throw NotInteractive();
    }

    private void WriteErrorText(string text) => WriteTo(Console.Error, text + Environment.NewLine);

    private void WriteTo(TextWriter writer, string text)
    {
        _progress.Clear();
        writer.Write(text);
        _isInLine = text.Length == 0 ? _isInLine : !text.EndsWith('\n');
    }

    private bool TakeIsError()
    {
        bool isError = _nextIsError || AllIsError;
        _nextIsError = false;
        return isError;
    }
}

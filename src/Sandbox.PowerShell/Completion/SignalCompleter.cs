using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox;

/// <summary>Completes names of signals.</summary>
public sealed class SignalCompleter : IArgumentCompleter
{
    private static readonly string[] Names = ["TERM", "INT", "KILL", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT", "WINCH"];

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Names.Where(name => name.StartsWith(wordToComplete, StringComparison.OrdinalIgnoreCase)).Select(name => new CompletionResult(name));
}

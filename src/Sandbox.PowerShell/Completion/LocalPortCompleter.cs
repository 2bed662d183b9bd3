using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox;

/// <summary>Completes the local ports that this runspace forwards.</summary>
public sealed class LocalPortCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        from forward in ModuleState.ForCompletion.Forwards.All
        let text = forward.LocalPort.ToString(CultureInfo.InvariantCulture)
        where text.StartsWith(wordToComplete, StringComparison.Ordinal)
        select new CompletionResult(text, text, CompletionResultType.ParameterValue, $"{text}: to {forward.SandboxId}:{forward.Port}");
}

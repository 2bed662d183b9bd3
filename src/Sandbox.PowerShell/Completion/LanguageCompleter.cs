using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox;

/// <summary>Completes languages that need no Jupyter kernel; the name of any kernel can be given too.</summary>
public sealed class LanguageCompleter : IArgumentCompleter
{
    private static readonly string[] Languages = ["javascript", "python", "typescript"];

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Languages.Where(language => language.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(language => new CompletionResult(language, language, CompletionResultType.ParameterValue, language));
}

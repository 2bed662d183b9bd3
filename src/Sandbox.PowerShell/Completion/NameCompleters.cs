using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox;

/// <summary>Completes names that are known without a server.</summary>
public abstract class NameCompleter : IArgumentCompleter
{
    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Names.Where(name => name.Text.StartsWith(wordToComplete.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(name.Text, name.Text, CompletionResultType.ParameterValue, name.Explanation));

    private protected abstract IEnumerable<Suggestion> Names { get; }
}

/// <summary>Completes names of signals.</summary>
public sealed class SignalCompleter : NameCompleter
{
    private static readonly string[] Signals = ["TERM", "INT", "KILL", "HUP", "QUIT", "USR1", "USR2", "STOP", "CONT", "WINCH"];

    private protected override IEnumerable<Suggestion> Names => Signals.Select(name => new Suggestion(name, name));
}

/// <summary>Completes languages that need no Jupyter kernel; the name of any kernel can be given too.</summary>
public sealed class LanguageCompleter : NameCompleter
{
    private static readonly string[] Languages = ["javascript", "python", "typescript"];

    private protected override IEnumerable<Suggestion> Names => Languages.Select(name => new Suggestion(name, name));
}

/// <summary>Completes names of encodings.</summary>
public sealed class EncodingCompleter : NameCompleter
{
    private protected override IEnumerable<Suggestion> Names =>
        EncodingTransformationAttribute.Names.Select(name => new Suggestion(name.Key, name.Value.EncodingName));
}

/// <summary>Completes the local ports that this runspace forwards.</summary>
public sealed class LocalPortCompleter : NameCompleter
{
    private protected override IEnumerable<Suggestion> Names =>
        from forward in ModuleState.ForCompletion.Forwards.All
        let text = forward.LocalPort.ToString(CultureInfo.InvariantCulture)
        select new Suggestion(text, $"{text}: to {forward.SandboxId}:{forward.Port}");
}

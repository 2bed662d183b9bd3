using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Completes from a running server, with a short timeout, without errors, and without starting a server or sandbox.</summary>
public abstract class ServerCompleter : IArgumentCompleter
{
    private static readonly SearchValues<char> Special = SearchValues.Create(" \t\n'\"`$(){};,|&<>");

    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string quote = wordToComplete is ['\'' or '"', ..] ? wordToComplete[..1] : "";
        string word = wordToComplete.Trim('\'', '"');
        using CancellationTokenSource limit = new(Budget);
        try
        {
            ModuleState state = ModuleState.ForCompletion;
            return state.Clients.Peek(state.Connection, Budget) is { } client
                ? [.. FindAsync(client, new BoundArguments(fakeBoundParameters, parameterName, word, state.DefaultSandbox), limit.Token).WaitAsync(limit.Token).GetAwaiter().GetResult()
                    .Where(found => IsMatch(found, word)).Select(found => Result(found, quote))]
                : [];
        }
        catch (Exception e) when (Errors.IsExpected(e) || e is OperationCanceledException)
        {
            // Completion never reports errors.
            return [];
        }
    }

    /// <summary>Returns all suggestions.</summary>
    /// <param name="client">The server.</param>
    /// <param name="bound">What the command line says so far.</param>
    /// <param name="cancellationToken">The time is up.</param>
    private protected abstract Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken);

    /// <summary>Whether something goes on what is written so far.</summary>
    /// <param name="found">What could be offered.</param>
    /// <param name="word">What is written.</param>
    private protected virtual bool IsMatch(Suggestion found, string word) => new WildcardPattern(word + "*", WildcardOptions.IgnoreCase).IsMatch(found.Text);

    private static CompletionResult Result(Suggestion found, string quote)
    {
        string mark = quote.Length == 0 && !found.IsNumber && MustBeQuoted(found.Text) ? "'" : quote;
        string text = mark == "'" ? found.Text.Replace("'", "''", StringComparison.Ordinal) : found.Text;
        return new(mark + text + mark, found.Text, CompletionResultType.ParameterValue, string.Create(CultureInfo.InvariantCulture, $"{found.Text}: {found.Explanation}"));
    }

    // What begins as a number does would be read as one: 1e3, 007. A dash would begin a parameter's name.
    private static bool MustBeQuoted(string text) => char.IsAsciiDigit(text[0]) || text[0] is '-' or '@' or '#' or '~' || text.AsSpan().ContainsAny(Special);
}

/// <summary>A completion.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="Explanation">The tooltip.</param>
/// <param name="IsNumber">Whether it is meant as a number, not as a text that reads like one.</param>
internal readonly record struct Suggestion(string Text, string Explanation, bool IsNumber = false);

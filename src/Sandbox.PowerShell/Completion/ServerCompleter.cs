using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using Sandbox.Client;
using Sandbox.Protocol;

namespace Sandbox;

/// <summary>Completes from a running server, with a short timeout, without errors, and without starting a server or sandbox.</summary>
public abstract class ServerCompleter : IArgumentCompleter
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");

    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        bool isQuoted = wordToComplete.Length > 0 && IsQuote(wordToComplete[0]);
        string word = isQuoted ? wordToComplete[1..].TrimEnd(wordToComplete[0]) : wordToComplete;
        using CancellationTokenSource limit = new(Budget);
        try
        {
            ModuleState state = ModuleState.ForCompletion;
            return state.Clients.Peek(state.Connection, Budget) is { } client
                ? [.. FindAsync(client, new BoundArguments(fakeBoundParameters, parameterName, word, state.DefaultSandbox), limit.Token)
                    .WaitAsync(limit.Token).GetAwaiter().GetResult()
                    .Where(found => found.Text.Length > 0 && DisplayText.IsClean(found.Text) && IsMatch(found, word)).Select(found => Result(found, isQuoted))]
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

    // Always single quotes: what a sandbox named must stay a text, whatever the user began with.
    private static CompletionResult Result(Suggestion found, bool isQuoted)
    {
        string text = isQuoted || (!found.IsNumber && MustBeQuoted(found.Text))
            ? $"'{CodeGeneration.EscapeSingleQuotedStringContent(found.Text)}'"
            : found.Text;
        string explanation = DisplayText.Clean(found.Explanation);
        return new(text, found.Text, CompletionResultType.ParameterValue, string.Create(CultureInfo.InvariantCulture, $"{found.Text}: {explanation}"));
    }

    private static bool IsQuote(char character) => character is '\'' or '"' or (>= '\u2018' and <= '\u201b') or (>= '\u201c' and <= '\u201e');

    // What begins as a number does would be read as one: 1e3, 007. A dash would begin a parameter's name.
    private static bool MustBeQuoted(string text) => char.IsAsciiDigit(text[0]) || text[0] == '-' || text.AsSpan().ContainsAnyExcept(Plain);
}

/// <summary>A completion.</summary>
/// <param name="Text">What is inserted.</param>
/// <param name="Explanation">The tooltip.</param>
/// <param name="IsNumber">Whether it is meant as a number, not as a text that reads like one.</param>
internal readonly record struct Suggestion(string Text, string Explanation, bool IsNumber = false);

using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using Sandbox.Client;

namespace Sandbox;

/// <summary>Completes from what a running server knows: quickly or not at all, without an error, and without starting a server or waking a sandbox.</summary>
public abstract class ServerCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Budget = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc />
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string quote = wordToComplete is ['\'' or '"', ..] ? wordToComplete[..1] : "";
        WildcardPattern pattern = new(wordToComplete.Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);
        using CancellationTokenSource limit = new(Budget);
        try
        {
            return ServerDirectory.Peek(ServerChoice.Current, Budget) is { } client
                ? [.. FindAsync(client, new BoundArguments(fakeBoundParameters), limit.Token).WaitAsync(limit.Token).GetAwaiter().GetResult()
                    .Where(found => pattern.IsMatch(found.Text)).Select(found => Result(found, quote))]
                : [];
        }
        catch (Exception e) when (Errors.IsExpected(e) || e is OperationCanceledException)
        {
            // Whoever presses Tab asked for help, not for an error.
            return [];
        }
    }

    /// <summary>All that can be offered.</summary>
    /// <param name="client">The server.</param>
    /// <param name="bound">What the command line says so far.</param>
    /// <param name="cancellationToken">The time is up.</param>
    private protected abstract Task<IEnumerable<Suggestion>> FindAsync(SandboxClient client, BoundArguments bound, CancellationToken cancellationToken);

    // An id that begins as a number does would be read as one: 1e3, 007.
    private static CompletionResult Result(Suggestion found, string quote)
    {
        string mark = quote.Length == 0 && char.IsAsciiDigit(found.Text[0]) ? "'" : quote;
        return new(mark + found.Text + mark, found.Text, CompletionResultType.ParameterValue, string.Create(CultureInfo.InvariantCulture, $"{found.Text}: {found.Explanation}"));
    }
}

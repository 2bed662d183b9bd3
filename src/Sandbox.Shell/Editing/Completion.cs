using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Sandbox.Shell;

/// <summary>What could stand at the cursor.</summary>
/// <param name="Start">Where the text begins that it would replace.</param>
/// <param name="Length">How long that is.</param>
/// <param name="Common">What all of it begins with; never less than is there.</param>
/// <param name="Names">All of it, for reading.</param>
internal sealed record Completion(int Start, int Length, string Common, IReadOnlyList<string> Names)
{
    /// <summary>Asks the engine.</summary>
    public static Completion? Find(Runspace runspace, string text, int cursor)
    {
        using PowerShell shell = PowerShell.Create(runspace);
        CommandCompletion found = CommandCompletion.CompleteInput(text, cursor, null, shell);
        Collection<CompletionResult> matches = found.CompletionMatches;
        if (matches.Count == 0)
        {
            return null;
        }

        string typed = text.Substring(found.ReplacementIndex, found.ReplacementLength);
        string common = matches.Select(match => match.CompletionText).Aggregate(CommonStart);
        return new(
            found.ReplacementIndex,
            found.ReplacementLength,
            common.Length < typed.Length && matches.Count > 1 ? typed : common,
            [.. matches.Select(match => match.ListItemText)]);
    }

    private static string CommonStart(string one, string other)
    {
        int length = 0;
        while (length < one.Length && length < other.Length && char.ToUpperInvariant(one[length]) == char.ToUpperInvariant(other[length]))
        {
            length++;
        }

        return one[..length];
    }
}

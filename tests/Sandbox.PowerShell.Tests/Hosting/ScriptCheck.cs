using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox.Tests;

/// <summary>Finds calls of cmdlets and parameters of the module that do not exist, without running the script.</summary>
internal static class ScriptCheck
{
    private const string OurNoun = "Sandbox";

    /// <summary>Returns the problems of one script.</summary>
    /// <param name="name">The name of the script for the messages.</param>
    /// <param name="firstLine">The line number of its first line in the file that contains it.</param>
    /// <param name="commands">The cmdlets of the module by name.</param>
    public static IEnumerable<string> Problems(string name, string text, int firstLine, IReadOnlyDictionary<string, CommandInfo> commands)
    {
        ScriptBlockAst script = Parser.ParseInput(text, out _, out ParseError[] errors);
        string Place(IScriptExtent extent) => $"{name}:{extent.StartLineNumber + firstLine - 1}";
        return
        [
            .. errors.Select(error => $"{Place(error.Extent)}: {error.Message}"),
            .. script.FindAll(ast => ast is CommandAst, searchNestedScriptBlocks: true).Cast<CommandAst>()
                .SelectMany(call => Problems(call, commands).Select(problem => $"{Place(call.Extent)}: {problem}")),
            .. script.FindAll(ast => ast is StringConstantExpressionAst, searchNestedScriptBlocks: true).Cast<StringConstantExpressionAst>()
                .Where(word => word.Parent is not CommandAst call || call.CommandElements[0] != word)
                .Where(word => IsOurs(word.Value) && !commands.ContainsKey(word.Value))
                .Select(word => $"{Place(word.Extent)}: there is no '{word.Value}'"),
        ];
    }

    private static IEnumerable<string> Problems(CommandAst call, IReadOnlyDictionary<string, CommandInfo> commands)
    {
        if (call.GetCommandName() is not { } name || !IsOurs(name))
        {
            yield break;
        }

        if (!commands.TryGetValue(name, out CommandInfo? command))
        {
            yield return $"there is no '{name}'";
            yield break;
        }

        foreach (CommandParameterAst parameter in call.CommandElements.OfType<CommandParameterAst>())
        {
            // As PowerShell binds: the full name or alias, or an unambiguous prefix of a name.
            string given = parameter.ParameterName;
            bool isExact = command.Parameters.Values.Any(item => Is(item.Name, given) || item.Aliases.Any(alias => Is(alias, given)));
            if (!isExact && command.Parameters.Keys.Count(item => item.StartsWith(given, StringComparison.OrdinalIgnoreCase)) != 1)
            {
                yield return $"'{command.Name}' has no parameter '-{given}'";
            }
        }
    }

    private static bool Is(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    // 'Verb-Sandbox…' as a whole word, so that file names do not match.
    private static bool IsOurs(string word) =>
        word.Split('-') is [{ Length: > 0 } verb, var noun]
        && verb.All(char.IsAsciiLetter)
        && noun.All(char.IsAsciiLetter)
        && noun.StartsWith(OurNoun, StringComparison.OrdinalIgnoreCase);
}

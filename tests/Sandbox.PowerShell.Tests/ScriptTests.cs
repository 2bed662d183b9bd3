using System.Management.Automation;
using System.Text.RegularExpressions;

namespace Sandbox.Tests;

/// <summary>Checks scripts and examples that are not run by other tests.</summary>
public sealed partial class ScriptTests
{
    private static readonly string[] s_notOurs = ["bin", "obj", "output", "node_modules"];

    private static readonly Dictionary<string, CommandInfo> s_commands = Commands();

    public static TheoryData<string> Scripts => [.. Files("*.ps1").Select(path => Path.GetRelativePath(Paths.Repository, path))];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Scripts_parse_and_use_existing_cmdlets_and_parameters(string path) =>
        AssertNone(ScriptCheck.Problems(path, File.ReadAllText(Path.Combine(Paths.Repository, path)), 1, s_commands));

    [Fact]
    public void Examples_in_the_documentation_use_existing_cmdlets_and_parameters()
    {
        var examples = Files("*.md")
            .SelectMany(path => Examples(File.ReadAllText(path)).Select(example => (Path.GetRelativePath(Paths.Repository, path), example.Text, example.Line)));
        Assert.NotEmpty(examples);
        AssertNone(examples.SelectMany(example => ScriptCheck.Problems(example.Item1, example.Text, example.Line, s_commands)));
    }

    [Theory]
    [InlineData("New-SandboxThing", "there is no 'New-SandboxThing'")]
    [InlineData("$x | ForEach-Object { Get-Sandbox -Nme x }", "'Get-Sandbox' has no parameter '-Nme'")]
    [InlineData("get-sandboxsession -sand x -ErrorAction Stop -Session x", "'Get-SandboxSession' has no parameter '-Session'")]
    [InlineData("Get-Command 'New-SandboxThing'", "there is no 'New-SandboxThing'")]
    [InlineData("if (", "Missing")]
    public void Mistakes_are_found(string script, string problem) =>
        Assert.Contains(problem, Assert.Single(ScriptCheck.Problems("x", script, 1, s_commands).Take(1)), StringComparison.Ordinal);

    [Fact]
    public void Commands_of_other_modules_are_ignored() =>
        AssertNone(ScriptCheck.Problems("x", "Get-Nothing -AtAll | & $x -Y; '../x/My-Sandbox.ps1', './Get-Sandbox.Tests.ps1'", 1, s_commands));

    [Fact]
    public void Mistakes_in_a_document_are_reported_with_their_line()
    {
        (string text, int line) = Assert.Single(Examples("# Title\n\n```sh\nGet-Wrong\n```\n```powershell\n\nNew-SandboxThing\n```\n"));
        Assert.StartsWith("README.md:8: ", Assert.Single(ScriptCheck.Problems("README.md", text, line, s_commands)), StringComparison.Ordinal);
    }

    // As one text: an assertion on a collection would shorten it.
    private static void AssertNone(IEnumerable<string> problems)
    {
        string all = string.Join('\n', problems);
        Assert.True(all.Length == 0, all);
    }

    private static Dictionary<string, CommandInfo> Commands()
    {
        using PowerShellEngine engine = new();
        return engine.Run("Get-Command -Module Sandbox").Clean.Output.Select(item => (CommandInfo)item.BaseObject)
            .ToDictionary(command => command.Name, StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<string> Files(string pattern) => Directory.EnumerateFiles(Paths.Repository, pattern, SearchOption.AllDirectories)
        .Where(path => !Path.GetRelativePath(Paths.Repository, path).Split('/').Any(part => s_notOurs.Contains(part) || part.StartsWith('.')))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<(string Text, int Line)> Examples(string document) => Fence().Matches(document)
        .Select(match => (match.Groups["text"].Value, document[..match.Groups["text"].Index].Count(c => c == '\n') + 1));

    [GeneratedRegex(
        @"^[ \t]*```(powershell|pwsh|ps1)[^\n]*\n(?<text>.*?)^[ \t]*```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.IgnoreCase)]
    private static partial Regex Fence();
}

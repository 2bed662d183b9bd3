using System.Management.Automation;
using System.Management.Automation.Language;

namespace Sandbox.Tests;

public sealed class CompletionTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Sandbox_ids_are_completed_with_their_state()
    {
        CompletionResult offered = Assert.Single(Offered($"Get-Sandbox {fixture.Id[..^1]}"));
        Assert.Equal((fixture.Id, $"{fixture.Id}: Running, bubblewrap"), (offered.CompletionText, offered.ToolTip));
        foreach (string line in new[] { "Remove-Sandbox ", "Stop-Sandbox -Sandbox ", "Invoke-SandboxCommand x -Sandbox ", "New-SandboxSession -Sandbox ",
            "Get-SandboxEnv -Sandbox " })
        {
            Assert.Contains(fixture.Id, OfferedTexts(line));
        }
    }

    [Fact]
    public void Session_ids_are_completed_for_the_named_sandbox_or_qualified()
    {
        _ = _engine.Run("$null = New-SandboxSession comp1 -Sandbox $Box; $null = New-SandboxSession comp2 -Sandbox $Box").Clean;
        Assert.Equal(["comp1", "comp2"], OfferedTexts($"Get-SandboxSession -Sandbox {fixture.Id} -Id comp"));
        Assert.Equal(["comp1", "comp2"], OfferedTexts("Invoke-SandboxCommand x -Sandbox $Box -Session co"));
        Assert.Equal([$"{fixture.Id}/comp1", $"{fixture.Id}/comp2"], OfferedTexts($"Remove-SandboxSession {fixture.Id}/c"));
        Assert.Equal([$"'{fixture.Id}/comp1'"], OfferedTexts($"Get-SandboxEnv -Session '{fixture.Id}/comp1"));
    }

    [Fact]
    public void Variable_names_are_completed_for_the_named_session()
    {
        _ = _engine.Run("$v = New-SandboxSession vars -Sandbox $Box -Environment @{ COMPLETE_ME = 'shown' }").Clean;
        Assert.Equal(["COMPLETE_ME"], OfferedTexts($"Get-SandboxEnv -Session {fixture.Id}/vars -Name COMPL"));
        Assert.Equal(["COMPLETE_ME"], OfferedTexts($"Set-SandboxEnv -Session {fixture.Id}/vars -Name compl"));
    }

    [Fact]
    public void Code_contexts_and_languages_are_completed()
    {
        _ = _engine.Run("$null = New-SandboxCodeContext -Id code1 -Sandbox $Box").Clean;
        Assert.Equal(["code1"], OfferedTexts("Invoke-SandboxCode x -Sandbox $Box -Context co"));
        Assert.Equal([$"{fixture.Id}/code1"], OfferedTexts($"Remove-SandboxCodeContext {fixture.Id}/c"));
        Assert.Equal(["javascript"], OfferedTexts("New-SandboxCodeContext ja"));
        Assert.Equal(["javascript", "python", "typescript"], OfferedTexts("Invoke-SandboxCode x -Language "));
    }

    [Fact]
    public void Id_that_reads_as_a_number_is_quoted()
    {
        _ = _engine.Run("$null = New-Sandbox 0815x").Clean;
        Assert.Equal(["'0815x'"], OfferedTexts("Get-Sandbox 08"));
        _ = _engine.Run("Remove-Sandbox 0815x").Clean;
    }

    [Fact]
    public void Enumeration_values_are_completed()
    {
        Assert.Equal(["Error", "Host", "Null", "Output"], OfferedTexts("Invoke-SandboxCommand x -StandardError ").Order());
        Assert.Equal(["Host", "Internet", "None"], OfferedTexts("New-Sandbox -Network ").Order());
    }

    [Fact]
    public void Sandbox_paths_are_completed_quoted_and_with_a_slash_for_directories()
    {
        _ = _engine.Run(
            "$p = New-SandboxSession paths -Sandbox $Box -WorkingDirectory /workspace/paths; $p | Invoke-SandboxCommand 'mkdir sub; " +
            "touch -- sub/f1 sub/f2 \"a b\" \"[x]\" .dot -dash; ln -s sub link'").Clean;
        string session = $"-Session {fixture.Id}/paths";
        Assert.Equal(["'-dash'", "'`[x`]'", "'a b'", "link/", "sub/"], OfferedTexts($"Get-SandboxItem {session} -Path "));
        Assert.Equal(["'-dash'", "'[x]'", "'a b'", "link/", "sub/"], OfferedTexts($"Get-SandboxItem {session} -LiteralPath "));
        Assert.Equal(["sub/f1", "sub/f2"], OfferedTexts($"Get-SandboxContent {session} -Path sub/f"));
        Assert.Equal(["'sub/f1'"], OfferedTexts($"Remove-SandboxItem {session} -Path 'sub/f1"));
        Assert.Equal([".dot"], OfferedTexts($"Get-SandboxItem {session} -Path .d"));
        Assert.Equal(["/workspace/paths/sub/"], OfferedTexts($"Get-SandboxChildItem -Sandbox {fixture.Id} -Path /workspace/paths/su"));
        Assert.Equal(["sub/"], OfferedTexts($"Copy-SandboxItem x -ToSession {fixture.Id}/paths -Destination su"));
        Assert.Equal(["sub/"], OfferedTexts($"Copy-SandboxItem -FromSession {fixture.Id}/paths -Path su"));
        Assert.Empty(Texts($"Get-SandboxItem {session} -Path nosuch/"));
        Assert.Contains("utf8BOM", Texts("Get-SandboxContent x -Encoding utf"));
    }

    /// <summary>Names that code in a sandbox can give, for each opening quote. The engine itself handles what follows a quote that is closed.</summary>
    public static TheoryData<string, string> HostileNames
    {
        get
        {
            TheoryData<string, string> data = [];
            foreach (string name in (string[])["q\u2019; calc; \u2019", "q$(calc)", "q`n`\"x", "q\u00a0-Force",
                "q;calc", "q--", "-q", "@q", "{q}", "q'x", "q\u201dx", "q,x", "q|calc", "#q", "%q"])
            {
                foreach (string quote in (string[])["", "'", "\"", "\u2018", "\u2019", "\u201c", "\u201d"])
                {
                    data.Add(name, quote);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void Completed_name_is_one_argument_whatever_it_holds(string name, string quote)
    {
        string directory = $"h{Guid.NewGuid():n}";
        _ = _engine.Run(
            "$null = New-SandboxItem -Sandbox $Box -Path $D -ItemType Directory; "
            + "$null = New-SandboxItem -Sandbox $Box -Path \"$D/$Name\" -ItemType File",
            ("D", directory), ("Name", name)).Clean;
        string before = $"Get-SandboxItem -Sandbox {fixture.Id} -LiteralPath ";
        string line = $"{before}{quote}{directory}/";
        CommandCompletion completion = CompleteAll(line);
        string completed = line[..completion.ReplacementIndex] + completion.CompletionMatches[0].CompletionText
            + line[(completion.ReplacementIndex + completion.ReplacementLength)..];
        ScriptBlockAst script = Parser.ParseInput(completed, out _, out ParseError[] errors);
        Assert.Empty(errors);
        CommandAst command = Assert.IsType<CommandAst>(Assert.Single(Assert.IsType<PipelineAst>(Assert.Single(script.EndBlock.Statements)).PipelineElements));
        Assert.Equal(["Sandbox", "LiteralPath"], command.CommandElements.OfType<CommandParameterAst>().Select(parameter => parameter.ParameterName));
        Assert.Equal(5, command.CommandElements.Count);
        StringConstantExpressionAst argument = Assert.IsType<StringConstantExpressionAst>(command.CommandElements[4]);
        Assert.Equal($"{directory}/{name}", argument.Value);
    }

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void Completed_name_of_a_drive_is_one_argument_whatever_it_holds(string name, string quote) => AssertDriveCompletes(name, quote);

    [Theory]
    [InlineData("c\rcalc")]
    [InlineData("c\u0085calc")]
    [InlineData("c\vcalc")]
    [InlineData("c\fcalc")]
    [InlineData("c\ncalc")]
    [InlineData("c\u00a0-Force")]
    [InlineData("c\u2028calc")]
    public void Name_of_a_drive_that_the_engine_would_not_quote_is_not_offered(string name)
    {
        string directory = CreateOnDrive("plain", name);
        Assert.Equal(
            [$"hostile:/{directory}/plain"],
            CompleteDrive($"Get-Content -LiteralPath hostile:/{directory}/").CompletionMatches.Select(match => match.CompletionText));
        Assert.Equal(["plain", name], _engine.Run("Get-ChildItem hostile:/$D/* | ForEach-Object Name").Texts.Order(StringComparer.Ordinal).Reverse());
    }

    [Theory]
    [InlineData("c\rcalc")]
    [InlineData("c\u0085calc")]
    [InlineData("c\vcalc")]
    [InlineData("c\fcalc")]
    [InlineData("c\ncalc")]
    [InlineData("c\u001b]0;x\u0007")]
    [InlineData("c\u202ecalc")]
    public void Name_with_control_characters_is_not_offered(string name)
    {
        string directory = $"h{Guid.NewGuid():n}";
        _ = _engine.Run("$null = New-SandboxItem -Sandbox $Box -Path $D -ItemType Directory; "
            + "$null = 'plain', $Name | ForEach-Object { New-SandboxItem -Sandbox $Box -Path \"$D/$_\" -ItemType File }",
            ("D", directory), ("Name", name)).Clean;
        Assert.Equal([$"{directory}/plain"], OfferedTexts($"Get-SandboxItem -Sandbox {fixture.Id} -LiteralPath {directory}/"));
    }

    [Fact]
    public void No_match_completes_nothing_and_leaves_no_error()
    {
        Assert.Empty(Texts("Get-SandboxSession -Sandbox nosuch -Id x"));
        Assert.Empty(Texts("Get-SandboxEnv -Session nosuch/nosuch -Name A"));
        Assert.Empty(Texts("Get-Sandbox -Id '..["));
    }

    private string[] OfferedTexts(string line) => [.. Offered(line).Select(offered => offered.CompletionText)];

    // A completer without a response within 200 ms returns nothing, which happens on a busy machine.
    private CompletionResult[] Offered(string line)
    {
        CompletionResult[] offered = [];
        Wait.Until(() => (offered = [.. Complete(line)]).Length > 0, $"something is offered for '{line}'");
        return offered;
    }

    private string[] Texts(string line) => [.. Complete(line).Select(offered => offered.CompletionText)];

    // In a pipeline of the runspace, as at the prompt.
    private CommandCompletion CompleteDrive(string line) => _engine.Run("TabExpansion2 -inputScript $Line -cursorColumn $Line.Length", ("Line", line)).One;

    private string CreateOnDrive(params string[] names)
    {
        string directory = $"h{Guid.NewGuid():n}";
        _ = _engine.Run(
            "if (!(Test-Path hostile:/)) { $null = New-PSDrive hostile Sandbox /workspace -Sandbox $Box -Scope Global }; " +
            "$null = New-SandboxItem -Sandbox $Box -Path $D -ItemType Directory; "
            + "foreach ($n in $Names) { $null = New-SandboxItem -Sandbox $Box -Path \"$D/$n\" -ItemType File }",
            ("D", directory), ("Names", names)).Clean;
        return directory;
    }

    private void AssertDriveCompletes(string name, string quote)
    {
        string directory = CreateOnDrive(name);
        string line = $"Get-Content -LiteralPath {quote}hostile:/{directory}/";
        CommandCompletion completion = CompleteDrive(line);
        Assert.Equal(name.Contains('\u00a0') ? 0 : 1, completion.CompletionMatches.Count);
        foreach (CompletionResult match in completion.CompletionMatches)
        {
            string completed = line[..completion.ReplacementIndex] + match.CompletionText
                + line[(completion.ReplacementIndex + completion.ReplacementLength)..];
            ScriptBlockAst script = Parser.ParseInput(completed, out _, out ParseError[] errors);
            Assert.True(errors.Length == 0, completed);
            StatementAst statement = Assert.Single(script.EndBlock.Statements);
            CommandAst command = Assert.IsType<CommandAst>(Assert.Single(Assert.IsType<PipelineAst>(statement).PipelineElements));
            Assert.True(command.CommandElements.Count == 3, completed);
            Assert.Equal(["LiteralPath"], command.CommandElements.OfType<CommandParameterAst>().Select(parameter => parameter.ParameterName));
            Assert.True(command.CommandElements[2] is StringConstantExpressionAst, completed);
        }
    }

    private CommandCompletion CompleteAll(string line)
    {
        using PowerShell shell = PowerShell.Create(_engine.Runspace);
        CommandCompletion? completion = null;
        Wait.Until(
            () => (completion = CommandCompletion.CompleteInput(line, line.Length, null, shell))
                .CompletionMatches is [{ ResultType: CompletionResultType.ParameterValue }],
            $"something is offered for '{line}'");
        return completion!;
    }

    // Without a match of a completer PowerShell completes file names, which are ignored here.
    private IEnumerable<CompletionResult> Complete(string line)
    {
        using PowerShell shell = PowerShell.Create(_engine.Runspace);
        CommandCompletion completion = CommandCompletion.CompleteInput(line, line.Length, null, shell);
        return completion.CompletionMatches.Where(offered => offered.ResultType is CompletionResultType.ParameterValue);
    }
}

using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace Sandbox.Tests;

[Collection(SharedStyle.Name)]
public sealed class FormatTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private const string Result = "Invoke-SandboxCommand 'echo one; echo two; exit 3' -Sandbox $Box -AsResult";
    private const string Session = "New-SandboxSession -Sandbox $Box -CommandTimeoutSeconds 2.5";
    private const string Removal = "New-SandboxSession -Sandbox $Box | Remove-SandboxSession -AsResult";
    private const string Port = "$null = New-SandboxSession -Sandbox $Box | " +
        "Invoke-SandboxCommand 'setsid python3 -m http.server 8500 --bind 127.0.0.1 >/dev/null 2>&1 & " +
        "until (exec 3<>/dev/tcp/127.0.0.1/8500) 2>/dev/null; do sleep 0.02; done'; Connect-SandboxPort 8500 -Sandbox $Box";

    private const string Item = "New-SandboxItem shown.txt -Value 0123456789 -Force -Sandbox $Box";
    private const string Change =
        "& { Invoke-SandboxCommand '(while sleep 0.1; do touch changed; done) > /dev/null 2>&1 & echo $! > toucher' -Sandbox $Box; " +
        "try { Watch-SandboxItem -Filter changed -Sandbox $Box | Select-Object -First 1 } " +
        "finally { Invoke-SandboxCommand 'kill $(cat toucher)' -Sandbox $Box } }";
    private const string DriveItem =
        "& { $null = Connect-SandboxServer -DefaultSandbox $Box.Id; $state = $ExecutionContext.SessionState; " +
        "if (-not ($state.Drive.GetAll() | Where-Object Name -eq shown)) { " +
        "$null = $state.Drive.New([System.Management.Automation.PSDriveInfo]::new('shown', $state.Provider.GetOne('Sandbox'), '/', '', $null), 'global') }; " +
        "$null = New-SandboxItem drive.txt -Value 0123456789 -Force; $ExecutionContext.InvokeProvider.Item.Get('shown:/workspace/drive.txt') }";
    private const string Context = "New-SandboxCodeContext -Sandbox $Box";
    private const string Code = "Invoke-SandboxCode 'print(1); 1 / 0' -Sandbox $Box -AsResult";
    private const string Shown = "Invoke-SandboxCode '[1, 2]' -Sandbox $Box -Language javascript";

    private const string Repository = "Invoke-SandboxCommand 'rm -rf g s; git init -q -b main g && " +
        "git -C g -c user.name=a -c user.email=a@b commit -q --allow-empty -m 1' -Sandbox $Box; Import-SandboxRepository ./g s -Sandbox $Box";

    private readonly PowerShellEngine _engine = fixture.Engine;

    public static TheoryData<string, string> EveryType => new()
    {
        { "Sandbox.SandboxInstance", "$Box" },
        { "Sandbox.SandboxSession", Session },
        { "Sandbox.SandboxSessionRemoval", Removal },
        { "Sandbox.SandboxEnvVariable", "Get-SandboxEnv HOME -Sandbox $Box" },
        { "Sandbox.SandboxCommandResult", Result },
        { "Sandbox.SandboxCodeContext", Context },
        { "Sandbox.SandboxCodeOutput", Shown },
        { "Sandbox.SandboxCodeResult", Code },
        { "Sandbox.SandboxPort", Port },
        { "Sandbox.SandboxServer", "Get-SandboxServer" },
        { "Sandbox.SandboxAbility", "Test-SandboxServer" },
        { "Sandbox.SandboxItem", Item },
        { "Sandbox.SandboxDriveItem", DriveItem },
        { "Sandbox.SandboxItemChange", Change },
        { "Sandbox.SandboxRepository", Repository },
    };

    [Theory]
    [InlineData("$Box", "Id", "State", "Engine", "Network", "CreatedAt", "Isolation", "bubblewrap")]
    [InlineData(Session, "Id", "Sandbox", "State", "Timeout", "WorkingDirectory", "2.5 s", "/workspace")]
    [InlineData(Removal, "SessionId", "Success", "Timestamp", "True")]
    [InlineData("Get-SandboxEnv HOME -Sandbox $Box", "Name", "Value", "HOME")]
    [InlineData(Result, "ExitCode", "Session", "Duration", "one ↵ two")]
    [InlineData(Context, "Id", "Sandbox", "Language", "State", "Interpreter", "WorkingDirectory", "python", "/workspace")]
    [InlineData(Shown, "Kind", "Formats", "Files", "Text", "result", "text json", "[ 1, 2 ]")]
    [InlineData(Code, "Success", "Context", "Duration", "Results", "StandardOutput", "Error", "ZeroDivisionError")]
    [InlineData(Port, "LocalPort", "Port", "Sandbox", "Connections", "Uri", "8500", "http://127.0.0.1:")]
    [InlineData("Get-SandboxServer", "Uri", "State", "Version", "ProcessId", "DefaultSandbox", "Running")]
    [InlineData("Test-SandboxServer isolation", "Name", "Available", "Reason", "Remedy", "isolation")]
    [InlineData(Item, "Directory:", "/workspace", "UnixMode", "LastWriteTime", "Size", "Name", "-rw-r--r--", "10", "shown.txt")]
    [InlineData(Repository, "Commit", "Branch", "Path", "main", "/workspace/s")]
    [InlineData(DriveItem, "Directory:", "/workspace", "UnixMode", "-rw-r--r--", "10", "drive.txt")]
    [InlineData(Change, "ReceivedAt", "Type", "Path", "/workspace/changed")]
    public void Each_type_has_a_table(string script, params string[] shown)
    {
        string plain = Show(script, "PlainText");
        Assert.All(shown, text => Assert.Contains(text, plain, StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', plain);
    }

    [Fact]
    public void Hostile_directory_name_cannot_control_the_terminal()
    {
        const string name = "h\u001b]0;title\u0007\r\u202e";
        string[] shown = fixture.Engine.Run("""
            $null = New-SandboxItem -Sandbox $Box -Path "/workspace/outer/$Hostile" -ItemType Directory
            Get-SandboxChildItem -Sandbox $Box -LiteralPath /workspace/outer | Out-String -Width 300
            Get-SandboxChildItem -Sandbox $Box -LiteralPath /workspace/outer | Format-List | Out-String -Width 300
            New-SandboxSession hostile -Sandbox $Box -WorkingDirectory "/workspace/outer/$Hostile" | Format-List | Out-String -Width 300
            Get-SandboxItem -Sandbox $Box -LiteralPath "/workspace/$Hostile" 2>&1 | ForEach-Object { "$_" }
            """, ("Hostile", name)).Texts;
        Assert.Equal(4, shown.Length);
        Assert.All(shown, text =>
        {
            Assert.Contains("h\u241b]0;title\u2407\u240d\ufffd", text, StringComparison.Ordinal);
            Assert.DoesNotContain("\u001b]", text, StringComparison.Ordinal);
        });
        Assert.Equal([name], fixture.Engine.Run("(Get-SandboxChildItem -Sandbox $Box -LiteralPath /workspace/outer).Name").Texts);
    }

    [Fact]
    public void Code_output_keeps_its_lines()
    {
        string[] lines = Show("Invoke-SandboxCode \"type('Frame', (), {'__repr__': lambda _: '   a  b\\n0  1  2\\n1  3  4'})()\" -Sandbox $Box", "PlainText")
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int column = lines[0].IndexOf("Text", StringComparison.Ordinal);
        Assert.EndsWith("   a  b", lines[2], StringComparison.Ordinal);
        Assert.Equal(["0  1  2", "1  3  4"], lines[3..]);
        Assert.Equal(column, lines[2].IndexOf("   a  b", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("$Box", "\u001b[32mRunning")]
    [InlineData(Session, "\u001b[32mIdle")]
    [InlineData(Result, "\u001b[31m3")]
    [InlineData(Context, "\u001b[32mIdle")]
    [InlineData(Code, "\u001b[31mFalse")]
    [InlineData("Get-SandboxServer", "\u001b[32mRunning")]
    [InlineData("Test-SandboxServer isolation", "\u001b[32mTrue")]
    public void State_is_shown_in_words_and_colour(string script, string shown) => Assert.Contains(shown, Show(script, "Ansi"), StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(EveryType))]
    public void No_line_is_longer_than_the_window(string type, string script)
    {
        _ = type;
        try
        {
            foreach (int width in new[] { 40, 60, 200 })
            {
                _engine.Host.Width = width;
                string shown = Show(script, "PlainText");
                Assert.NotEmpty(shown.Trim());
                Assert.All(shown.Split('\n'), line => Assert.True(line.TrimEnd().Length <= width, line));
            }
        }
        finally
        {
            _engine.Host.Width = 120;
        }
    }

    [Theory]
    [MemberData(nameof(EveryType))]
    public void Column_names_are_not_broken_in_a_narrow_window(string type, string script)
    {
        _ = type;
        try
        {
            _engine.Host.Width = 60;
            string[] lines = Show(script, "PlainText").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            Assert.StartsWith("--", lines.Where(line => !line.StartsWith("Directory:", StringComparison.Ordinal)).ElementAt(1), StringComparison.Ordinal);
        }
        finally
        {
            _engine.Host.Width = 120;
        }
    }

    [Theory]
    [MemberData(nameof(EveryType))]
    public void Each_type_has_a_table_of_at_most_eight_columns_and_a_list(string type, string script)
    {
        PSObject item = _engine.Run(script).Clean.Output[0];
        PSObject copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(item));
        Assert.Equal([type, "Deserialized." + type], [item.TypeNames[0], copy.TypeNames[0]]);
        XElement[] views = [.. Views.Where(view => view.Descendants("TypeName").Any(name => name.Value == type))];
        XElement table = Assert.Single(views.Elements("TableControl"));
        Assert.InRange(table.Descendants("TableColumnHeader").Count(), 1, 8);
        Assert.Equal(table.Descendants("TableColumnHeader").Count(), table.Descendants("TableColumnItem").Count());
        XElement list = Assert.Single(views.Elements("ListControl"));
        foreach (XElement entry in table.Descendants("TableColumnItem").Concat(list.Descendants("ListItem")))
        {
            foreach (PSObject shown in new[] { item, copy })
            {
                if (entry.Element("PropertyName") is { } property)
                {
                    Assert.NotNull(shown.Properties[property.Value]);
                }
                else
                {
                    _ = _engine.Run(
                        $"Set-StrictMode -Version Latest; $shown | ForEach-Object {{ {entry.Element("ScriptBlock")!.Value} }}", ("shown", shown)).Clean;
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(EveryType))]
    public void Object_from_another_process_is_shown_like_a_live_one(string type, string script)
    {
        _ = type;
        PSObject item = _engine.Run(script).Clean.Output[0];
        PSObject copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(item, 2));
        Assert.All(new[] { "$shown", "$shown | Format-Table", "$shown | Format-List" }, view =>
            Assert.Equal(Show(view, "Ansi", ("shown", item)), Show(view, "Ansi", ("shown", copy))));
    }

    [Fact]
    public void Labels_are_shown_in_the_list_of_a_sandbox() => Assert.Contains(
        "a=1 b=2",
        Show("& { $made = New-Sandbox -Label ([ordered]@{ a = 1; b = 2 }); $made; $made | Remove-Sandbox } | Format-List", "PlainText"),
        StringComparison.Ordinal);

    [Fact]
    public void Every_public_object_has_a_view() => Assert.Equal(
        // Jobs have the view of PowerShell.
        _engine.Run("Get-Command -Module Sandbox").Clean.Output.SelectMany(item => ((CmdletInfo)item.BaseObject).OutputType)
            .Where(output => !typeof(Job).IsAssignableFrom(output.Type))
            .Concat((
                (Type)_engine.Run("$ExecutionContext.SessionState.Provider.GetOne('Sandbox').ImplementingType").One).GetCustomAttributes<OutputTypeAttribute>()
                .SelectMany(drive => drive.Type))
            .Select(output => output.Name).Where(name => name.StartsWith("Sandbox.", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal),
        Views.Descendants("TypeName").Select(name => name.Value).Where(name => name.StartsWith("Sandbox.", StringComparison.Ordinal)).Distinct()
            .Order(StringComparer.Ordinal));

    [Fact]
    public void Colours_come_from_PSStyle_and_are_in_no_value()
    {
        string file = File.ReadAllText(Path.Combine(Paths.ModuleFolder, "Sandbox.Format.ps1xml"));
        Assert.DoesNotContain("`e[", file, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', file);
        Assert.All(EveryType.SelectMany(row => _engine.Run(row.Data.Item2).Clean.Output), item =>
            Assert.All(item.Properties, property => Assert.DoesNotContain('\u001b', $"{property.Value}")));
    }

    private static IEnumerable<XElement> Views => XDocument.Load(Path.Combine(Paths.ModuleFolder, "Sandbox.Format.ps1xml")).Descendants("View");

    private string Show(string script, string rendering, params (string Name, object? Value)[] variables)
    {
        _engine.Host.TakeShown();
        _ = _engine.Run($"$PSStyle.OutputRendering = '{rendering}'; {script} | Out-Default", variables).Clean;
        return _engine.Host.TakeShown();
    }
}

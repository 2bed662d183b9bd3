using System.Diagnostics;

namespace Sandbox.Tests;

public sealed class ShellTests : IDisposable
{
    private readonly SandboxHome _home = new();

    [Theory]
    [InlineData("'out'", 0, "out\n")]
    [InlineData("'a'; exit 5", 5, "a\n")]
    [InlineData("'a'; throw 'boom'", 1, "a\n")]
    [InlineData("nosuchcommand", 1, "")]
    [InlineData("nosuchcommand; 'later'", 0, "later\n")]
    public void Command_has_pwshs_exit_codes(string script, int code, string output)
    {
        using ShellProcess shell = new(_home, "-Command", script);
        (int exitCode, string written, string errors) = shell.Finish();
        Assert.Equal((code, output), (exitCode, written));
        Assert.Equal(script.Contains("nosuch", StringComparison.Ordinal) || script.Contains("throw", StringComparison.Ordinal), errors.Length > 0);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'boom'", 1)]
    [InlineData("$global:LASTEXITCODE = 9", 0)]
    [InlineData("if (", 1)]
    [InlineData("exit", 0)]
    public void File_has_pwshs_exit_codes(string script, int code)
    {
        using ShellProcess shell = new(_home, "-File", Script(script));
        Assert.Equal(code, shell.Finish().ExitCode);
    }

    [Fact]
    public void File_takes_arguments_and_knows_its_place()
    {
        using ShellProcess shell = new(_home, "-File", Script("param($Name, [switch] $On) \"$Name|$On|$args|$($PSScriptRoot -eq $env:SANDBOX_HOME)\""), "-On", "-Name", "it's $x", "rest");
        Assert.Equal((0, "it's $x|True|rest|True\n", ""), shell.Finish());
    }

    [Fact]
    public void Results_go_to_standard_output_and_everything_else_to_standard_error()
    {
        using ShellProcess shell = new(_home, "-Command",
            "Invoke-SandboxCommand 'echo out; echo warned >&2'; Get-Sandbox nosuch; Invoke-SandboxCommand 'echo last' -Verbose");
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((0, "out\nlast\n"), (code, output));
        Assert.Contains("warned\n", errors, StringComparison.Ordinal);
        Assert.Contains("nosuch", errors, StringComparison.Ordinal);
        Assert.Contains("VERBOSE: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output + errors);
    }

    [Fact]
    public void NO_COLOR_is_heeded()
    {
        using ShellProcess shell = new(_home, [Paths.Shell], ["-Command", "\"$($PSStyle.OutputRendering)\""], ("NO_COLOR", "1"));
        Assert.Equal((0, "PlainText\n", ""), shell.Finish());
    }

    [Fact]
    public void Objects_are_shown_as_tables()
    {
        string shown = ShellProcess.Run(_home, "New-Sandbox shown");
        Assert.Contains("Id                   State", shown, StringComparison.Ordinal);
        Assert.Contains("bubblewrap", shown, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', shown);
    }

    [Theory]
    [InlineData("Nothing to run")]
    [InlineData("needs a text", "-Command")]
    [InlineData("needs a path", "-File")]
    [InlineData("does not exist", "-File", "/nosuch.ps1")]
    [InlineData("is not understood", "--what")]
    public void Bad_arguments_are_explained(string reason, params string[] arguments)
    {
        using ShellProcess shell = new(_home, arguments);
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((64, ""), (code, output));
        Assert.Contains(reason, errors, StringComparison.Ordinal);
        Assert.Contains("Usage:", errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupt_stops_the_pipeline_and_the_remote_command()
    {
        using ShellProcess shell = new(_home, "-Command", "New-SandboxSession int | Invoke-SandboxCommand 'echo begun; sleep 600'; 'not reached'");
        Assert.Equal("begun", shell.ReadLine());
        shell.Signal("INT");
        (int code, string output, _) = shell.Finish();
        Assert.Equal((130, ""), (code, output));
        Wait.Until(() => ShellProcess.Run(_home, "(Get-SandboxSession int).State").Trim() == "Idle", "the command is gone");
    }

    public void Dispose() => _home.Dispose();

    private string Script(string text)
    {
        string path = Path.Combine(_home.Folder, "script.ps1");
        File.WriteAllText(path, text);
        return path;
    }
}

using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class OutputTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void Lines_come_in_order_and_a_partial_line_at_the_end_only() =>
        Assert.Equal(["one", "two", "", "half"], _engine.Run(@"Invoke-SandboxCommand 'printf ""one\ntwo\r\n\nhalf""' -Sandbox $Box").Texts);

    [Fact]
    public void Raw_is_the_exact_text() =>
        Assert.Equal(["one\r\n\ntwo"], _engine.Run(@"Invoke-SandboxCommand 'printf ""one\r\n\ntwo""' -Sandbox $Box -Raw").Texts);

    [Fact]
    public void Bytes_are_exact_both_ways()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        EngineResult result = _engine.Run("Invoke-SandboxCommand cat -Sandbox $Box -AsByteStream -InputObject $All", ("All", all)).Clean;
        Assert.Equal(all, result.Output.SelectMany(chunk => (byte[])chunk.BaseObject));
    }

    [Fact]
    public void A_character_split_between_two_writes_is_whole_again() =>
        Assert.Equal(["aé€😀z"], _engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box", (
            "Command", @"for b in a '\303' '\251' '\342' '\202' '\254' '\360' '\237' '\230' '\200' z; do printf ""$b""; sleep 0.01; done")).Texts);

    [Fact]
    public void AsResult_is_one_object_with_everything()
    {
        dynamic result = _engine.Run("Invoke-SandboxCommand 'echo out; echo err >&2; exit 3' -Sandbox $Box -AsResult").One;
        Assert.Equal((3, false, "out\n", "err\n", false, false), ((int)result.ExitCode, (bool)result.Success, (string)result.StandardOutput, (string)result.StandardError, (bool)result.TimedOut, (bool)result.Truncated));
        Assert.Equal(fixture.Id, (string)result.SandboxId);
        Assert.Equal("echo out; echo err >&2; exit 3", (string)result.Command);
        Assert.NotEmpty((string)result.ProcessId);
        Assert.True(result.Duration > TimeSpan.Zero);
    }

    [Fact]
    public void Standard_error_is_shown_live_as_tagged_information_and_never_an_error()
    {
        _engine.Host.TakeShown();
        EngineResult result = _engine.Run("$ErrorActionPreference = 'Stop'; Invoke-SandboxCommand 'echo warned >&2; echo out' -Sandbox $Box; $?");
        Assert.Equal(["out", "True"], result.Texts);
        InformationRecord record = Assert.Single(result.Information);
        Assert.Equal(["PSHOST", "StandardError"], record.Tags);
        Assert.Equal("warned", record.MessageData.ToString());
        Assert.Contains("warned\n", _engine.Host.TakeShown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_error_goes_where_it_is_sent()
    {
        const string Command = "Invoke-SandboxCommand 'echo out; sleep 0.05; echo err >&2' -Sandbox $Box -StandardError ";
        Assert.Equal(["out", "err"], _engine.Run(Command + "Output").Texts);
        Assert.Equal(["out"], _engine.Run(Command + "Null").Texts);
        EngineResult asErrors = _engine.Run(Command + "Error");
        Assert.Equal(("StandardErrorLine", ErrorCategory.FromStdErr, "err"), (asErrors.ErrorId, asErrors.Error.CategoryInfo.Category, asErrors.Error.Exception.Message));
        Assert.NotNull(_engine.Run(Command + "Error -ErrorAction Stop").Terminating);
    }

    [Fact]
    public void LASTEXITCODE_is_set_after_the_last_line()
    {
        Assert.Equal(["7"], _engine.Run("Invoke-SandboxCommand 'exit 7' -Sandbox $Box; $LASTEXITCODE").Texts);
        Assert.Equal(["0"], _engine.Run("function f { Invoke-SandboxCommand true -Sandbox $Box }; f; $LASTEXITCODE").Texts);
    }

    [Fact]
    public void A_non_zero_exit_is_an_error_only_when_asked_for()
    {
        Assert.Equal(["True"], _engine.Run("Invoke-SandboxCommand 'exit 7' -Sandbox $Box; $?").Texts);
        EngineResult asked = _engine.Run("Invoke-SandboxCommand 'exit 7' -Sandbox $Box -ErrorOnNonZeroExit");
        Assert.Equal(("CommandExitedNonZero", ErrorCategory.InvalidResult), (asked.ErrorId, asked.Error.CategoryInfo.Category));
        Assert.Equal("CommandExitedNonZero", _engine.Run(
            "function f { $PSNativeCommandUseErrorActionPreference = $true; Invoke-SandboxCommand 'exit 7' -Sandbox $Box }; f").ErrorId);
    }

    [Fact]
    public void OutputLimit_bounds_what_is_collected()
    {
        dynamic result = _engine.Run("Invoke-SandboxCommand 'printf 1234567890' -Sandbox $Box -AsResult -OutputLimit 4").One;
        Assert.Equal(("1234", true, 0), ((string)result.StandardOutput, (bool)result.Truncated, (int)result.ExitCode));
        EngineResult raw = _engine.Run("Invoke-SandboxCommand 'printf 1234567890' -Sandbox $Box -Raw -OutputLimit 4");
        Assert.Equal(["1234"], raw.Texts);
        Assert.Single(raw.Warnings);
    }

    [Fact]
    public void Prefix_says_where_each_line_comes_from() =>
        Assert.Equal([$"[{fixture.Id}] a", $"[{fixture.Id}] b"], _engine.Run(@"Invoke-SandboxCommand 'printf ""a\nb\n""' -Sandbox $Box -Prefix").Texts);

    [Fact]
    public void Forms_of_output_exclude_each_other() =>
        Assert.Equal("InvalidArgument", _engine.Run("Invoke-SandboxCommand true -Sandbox $Box -Raw -AsResult").ErrorId);

    [Fact]
    public void FilePath_and_ArgumentList_are_taken_literally() =>
        Assert.Equal(["-n|it's|a \"b\"|$HOME|*||"], _engine.Run("Invoke-SandboxCommand -FilePath printf -ArgumentList '%s|', '-n', 'it''s', 'a \"b\"', '$HOME', '*', '' -Sandbox $Box").Texts);

    [Fact]
    public void Two_hundred_thousand_lines_arrive()
    {
        EngineResult result = _engine.Run("$n = 0; Invoke-SandboxCommand 'seq 200000' -Sandbox $Box | ForEach-Object { $n++; $last = $_ }; \"$n $last\"");
        Assert.Equal(["200000 200000"], result.Texts);
    }

    [Fact]
    public void A_slow_consumer_slows_the_command()
    {
        // More than every buffer on the way holds, so it cannot end while nobody takes anything.
        EngineResult result = _engine.Run(
            """
            $first = $true
            Invoke-SandboxCommand 'head -c 300000000 /dev/zero | tr "\0" "x" | fold -w 1000000; echo > done' -Sandbox $Box | ForEach-Object {
                if ($first) { $first = $false; Invoke-SandboxCommand 'sleep 1; test -e done; echo $?' -Sandbox $Box }
            }
            """);
        Assert.Equal(["1"], result.Texts);
    }
}

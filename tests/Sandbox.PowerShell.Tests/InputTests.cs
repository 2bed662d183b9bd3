using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>What nobody should send, and somebody will.</summary>
public sealed class InputTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Theory]
    [InlineData("..")]
    [InlineData(".hidden")]
    [InlineData("-rf")]
    [InlineData("a b")]
    [InlineData("a%2Fb")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    [InlineData("$(id)")]
    public void Bad_ids_are_refused(string id)
    {
        foreach (string use in new[] { "New-Sandbox $Id", "Remove-Sandbox $Id", "Get-Sandbox $Id", "New-SandboxSession $Id -Sandbox $Box", "Get-SandboxSession $Id -Sandbox $Box", "Remove-SandboxSession $Id -Sandbox $Box", "Invoke-SandboxCommand true -Session $Id -Sandbox $Box", "Invoke-SandboxCommand true -Sandbox $Id" })
        {
            EngineResult result = _engine.Run(use, ("Id", id));
            Assert.Equal((use, "InvalidRequest", ErrorCategory.InvalidArgument), (use, result.ErrorId, result.Error.CategoryInfo.Category));
        }
    }

    [Fact]
    public void A_command_of_a_megabyte_runs()
    {
        string filler = new('x', 1 << 20);
        Assert.Equal(["1048576"], _engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box", ("Command", $"t='{filler}'; echo ${{#t}}")).Texts);
    }

    [Fact]
    public void Input_of_several_megabytes_arrives() =>
        Assert.Equal(["5000000"], _engine.Run("Invoke-SandboxCommand 'wc -c' -Sandbox $Box -InputObject $Bytes", ("Bytes", new byte[5_000_000])).Texts);

    [Fact]
    public void Quotes_newlines_and_emoji_in_a_command_arrive_as_they_are() =>
        Assert.Equal(["it's \"q\" \\ $x", "😀 `tick`"], _engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box", ("Command", "cat <<'E'\nit's \"q\" \\ $x\n😀 `tick`\nE")).Texts);

    [Fact]
    public void A_NUL_in_a_command_is_an_error_and_not_a_shorter_command()
    {
        EngineResult result = _engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box", ("Command", "echo a\0b"));
        Assert.Equal("InvalidRequest", result.ErrorId);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Invalid_UTF8_in_output_is_replaced_in_text_and_exact_in_bytes()
    {
        Assert.Equal(["a\uFFFDb"], _engine.Run(@"Invoke-SandboxCommand $Command -Sandbox $Box", ("Command", @"printf 'a\377b'")).Texts);
        byte[] bytes = (byte[])_engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box -AsByteStream").One;
        Assert.Equal([0x61, 0xFF, 0x62], bytes);
    }

    [Theory]
    [InlineData("echo 'open")]
    [InlineData("if true; then")]
    [InlineData("cat <<E")]
    [InlineData("echo $(")]
    [InlineData(")")]
    public void Bad_syntax_never_hangs(string command)
    {
        _ = _engine.Run("$s = New-SandboxSession -Sandbox $Box").Clean;
        EngineResult result = _engine.Run("$s | Invoke-SandboxCommand $Command -TimeoutSeconds 20", ("Command", command));
        Assert.Empty(result.Errors);
        Assert.Equal(["usable"], _engine.Run("$s | Invoke-SandboxCommand 'echo usable'").Texts);
    }

    [Fact]
    public void A_missing_directory_of_one_command_is_an_error_before_anything_runs()
    {
        EngineResult result = _engine.Run("Invoke-SandboxCommand 'touch /workspace/ran' -WorkingDirectory /nosuch -Sandbox $Box");
        Assert.Equal("WorkingDirectoryNotFound", result.ErrorId);
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e ran || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void An_unsupported_request_is_refused_not_ignored()
    {
        EngineResult result = _engine.Run("New-Sandbox unsupported -Network Host; Get-Sandbox unsupported*");
        Assert.True(result.Errors.Count + result.Output.Count is 1 or 2, "neither refused nor done");
        Assert.All(result.Output, box => Assert.Equal("host", box.Properties["Network"].Value));
        _engine.Run("Remove-Sandbox unsupported*");
    }
}

namespace Sandbox.Tests;

public sealed class PipelineOutputTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Character_split_between_two_writes_is_decoded_correctly() =>
        Assert.Equal(["aé€😀z"], _engine.Run("Invoke-SandboxCommand $Command -Sandbox $Box", (
            "Command", @"for b in a '\303' '\251' '\342' '\202' '\254' '\360' '\237' '\230' '\200' z; do printf ""$b""; sleep 0.01; done")).Texts);

    [Fact]
    public void Standard_error_is_shown_by_the_host()
    {
        _engine.Host.TakeShown();
        Assert.Equal(["out"], _engine.Run("Invoke-SandboxCommand 'echo warned >&2; echo out' -Sandbox $Box").Texts);
        Assert.Contains("warned\n", _engine.Host.TakeShown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_hundred_thousand_lines_arrive()
    {
        ScriptResult result = _engine.Run("$n = 0; Invoke-SandboxCommand 'seq 200000' -Sandbox $Box | ForEach-Object { $n++; $last = $_ }; \"$n $last\"");
        Assert.Equal(["200000 200000"], result.Texts);
    }

    [Fact]
    public void Slow_consumer_blocks_the_command()
    {
        // More than all buffers on the way hold, so the command cannot end while the first line is being processed.
        ScriptResult result = _engine.Run(
            """
            $first = $true
            Invoke-SandboxCommand 'head -c 300000000 /dev/zero | tr "\0" "x" | fold -w 1000000; echo > done' -Sandbox $Box | ForEach-Object {
                if ($first) {
                    $first = $false
                    1..50 | ForEach-Object { Invoke-SandboxCommand true -Sandbox $Box }
                    Invoke-SandboxCommand 'test -e done; echo $?' -Sandbox $Box
                }
            }
            """);
        Assert.Equal(["1"], result.Texts);
    }
}

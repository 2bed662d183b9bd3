using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class PipelineTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void A_piped_session_or_sandbox_is_a_target()
    {
        Assert.Equal(["/workspace/p"], _engine.Run("New-SandboxSession p1 -Sandbox $Box -WorkingDirectory p | Invoke-SandboxCommand pwd").Texts);
        Assert.Equal(["/workspace"], _engine.Run("$Box | Invoke-SandboxCommand pwd").Texts);
    }

    [Fact]
    public void Strings_bytes_and_streams_are_stdin_never_ids()
    {
        Assert.Equal(["a", "b", "42"], _engine.Run("'a', 'b', 42 | Invoke-SandboxCommand cat -Sandbox $Box").Texts);
        Assert.Equal(["AB"], _engine.Run("[byte]65, [byte]66 | Invoke-SandboxCommand cat -Sandbox $Box").Texts);
        Assert.Equal(["AB"], _engine.Run("Invoke-SandboxCommand cat -Sandbox $Box -InputObject ([byte[]](65, 66))").Texts);
        Assert.Equal(["stream"], _engine.Run("Invoke-SandboxCommand cat -Sandbox $Box -InputObject $Stream", ("Stream", new MemoryStream("stream"u8.ToArray()))).Texts);
    }

    [Fact]
    public void A_target_piped_while_one_is_named_is_TargetGivenTwice()
    {
        Assert.Equal("TargetGivenTwice", _engine.Run("$Box | Invoke-SandboxCommand 'touch twice' -Sandbox $Box").ErrorId);
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e twice || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void A_piped_null_and_Session_null_are_errors_never_left_out()
    {
        const string Run = "Invoke-SandboxCommand 'touch ran'";
        Assert.Equal("InvalidArgument", _engine.Run($"$null | {Run}").ErrorId);
        Assert.Equal("InvalidArgument", _engine.Run($"$null | {Run} -Sandbox $Box").ErrorId);
        Assert.Equal("InvalidArgument", _engine.Run($"{Run} -Sandbox $Box -InputObject $null").ErrorId);
        Assert.Equal("ParameterArgumentValidationError", _engine.Run($"{Run} -Session $mistyped").ErrorId);
        Assert.Equal("ParameterArgumentValidationError", _engine.Run($"{Run} -Sandbox $mistyped").ErrorId);
        Assert.Equal("ParameterArgumentTransformationError", _engine.Run($"{Run} -Session $null, a").ErrorId);
        Assert.Equal("ParameterArgumentValidationError", _engine.Run("$null | Get-SandboxEnv").ErrorId);
        Assert.Equal("ParameterArgumentValidationError", _engine.Run("$null | New-SandboxSession").ErrorId);
        Assert.Equal("ParameterArgumentValidationError", _engine.Run("$null | Remove-SandboxSession").ErrorId);
        Assert.Equal(["no"], _engine.Run("Invoke-SandboxCommand 'test -e ran || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void An_empty_pipeline_runs_nothing_unless_a_target_is_named()
    {
        Assert.Empty(_engine.Run("@() | Invoke-SandboxCommand 'echo ran'").Texts);
        Assert.Equal(["ran"], _engine.Run("@() | Invoke-SandboxCommand 'cat; echo ran' -Sandbox $Box").Texts);
    }

    [Fact]
    public void Places_and_text_do_not_mix() =>
        Assert.Equal("InvalidArgument", _engine.Run("'text', $Box | Invoke-SandboxCommand cat").ErrorId);

    [Fact]
    public void Session_is_not_positional() =>
        Assert.Equal("PositionalParameterNotFound", _engine.Run("Invoke-SandboxCommand git status").ErrorId);

    [Fact]
    public void Deserialised_objects_bind()
    {
        PSObject session = Copy(_engine.Run("New-SandboxSession d1 -Sandbox $Box -WorkingDirectory d").Clean.Output[0]);
        PSObject box = Copy(new PSObject(fixture.Box));
        Assert.StartsWith("Deserialized.", session.TypeNames[0], StringComparison.Ordinal);
        Assert.Equal(["/workspace/d"], _engine.Run("$s | Invoke-SandboxCommand pwd", ("s", session)).Texts);
        Assert.Equal(["/workspace/d"], _engine.Run("Invoke-SandboxCommand pwd -Session $s").Texts);
        Assert.Equal(["/workspace"], _engine.Run("$b | Invoke-SandboxCommand pwd", ("b", box)).Texts);
        Assert.Equal(["/workspace"], _engine.Run("Invoke-SandboxCommand pwd -Sandbox $b").Texts);
        Assert.Equal(["d1"], _engine.Run("(Get-SandboxSession $s).Id").Texts);
    }

    [Fact]
    public void Selected_objects_bind_and_without_their_sandbox_they_are_refused()
    {
        _ = _engine.Run("New-SandboxSession s1 -Sandbox $Box -WorkingDirectory s").Clean;
        PSObject whole = Selected("s1", fixture.Id);
        Assert.Equal(["/workspace/s"], _engine.Run("$s | Invoke-SandboxCommand pwd", ("s", whole)).Texts);
        Assert.Equal(["/workspace/s"], _engine.Run("Invoke-SandboxCommand pwd -Session $s").Texts);

        PSObject part = Selected("s1", null);
        Assert.Equal("InvalidArgument", _engine.Run("$s | Invoke-SandboxCommand pwd", ("s", part)).ErrorId);
        Assert.Equal("ParameterArgumentTransformationError", _engine.Run("Invoke-SandboxCommand pwd -Session $s").ErrorId);
    }

    [Fact]
    public void Several_targets_run_at_once()
    {
        // Each waits for the other: one after the other they would never end.
        const string Meet = "touch $SELF; until [ -e $OTHER ]; do sleep 0.01; done; echo met";
        EngineResult result = _engine.Run(
            """
            $a = New-SandboxSession m1 -Sandbox $Box -Environment @{ SELF = 'a'; OTHER = 'b' }
            $b = New-SandboxSession m2 -Sandbox $Box -Environment @{ SELF = 'b'; OTHER = 'a' }
            $a, $b | Invoke-SandboxCommand $Meet -TimeoutSeconds 20
            Invoke-SandboxCommand 'rm -f a b' -Sandbox $Box
            Invoke-SandboxCommand $Meet -Session $a, $b -TimeoutSeconds 20
            """, ("Meet", Meet));
        Assert.Equal(["met", "met", "met", "met"], result.Texts);
    }

    [Fact]
    public void ThrottleLimit_bounds_how_many_run_at_once()
    {
        EngineResult result = _engine.Run(
            """
            $many = 1..4 | ForEach-Object { New-SandboxSession "q$_" -Sandbox $Box }
            $many | Invoke-SandboxCommand 'mkdir one || echo two at once; sleep 0.05; rmdir one' -ThrottleLimit 1
            """);
        Assert.Empty(result.Texts);
        Assert.Empty(result.Information);
    }

    [Fact]
    public void Of_several_exit_codes_the_first_that_is_not_zero_counts()
    {
        EngineResult result = _engine.Run(
            """
            $many = 0, 5, 0 | ForEach-Object { New-SandboxSession -Sandbox $Box -Environment @{ CODE = $_ } }
            $many | Invoke-SandboxCommand 'exit $CODE' -ThrottleLimit 1
            $LASTEXITCODE
            """);
        Assert.Equal(["5"], result.Texts);
    }

    [Fact]
    public void One_failing_target_does_not_hold_back_the_others()
    {
        EngineResult result = _engine.Run("Invoke-SandboxCommand 'echo here' -Session nosuch, $s", ("s", _engine.Run("New-SandboxSession -Sandbox $Box").One));
        Assert.Equal("SessionNotFound", result.ErrorId);
        Assert.Equal("here", Assert.Single(result.Output).ToString());
    }

    private static PSObject Copy(PSObject value) => (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(value));

    private static PSObject Selected(string id, string? sandbox)
    {
        PSObject selected = new();
        selected.TypeNames.Insert(0, "Selected.Sandbox.SandboxSession");
        selected.Properties.Add(new PSNoteProperty("Id", id));
        if (sandbox is not null)
        {
            selected.Properties.Add(new PSNoteProperty("SandboxId", sandbox));
        }

        return selected;
    }
}

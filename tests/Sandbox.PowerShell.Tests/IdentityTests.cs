namespace Sandbox.Tests;

public sealed class IdentityTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void A_session_is_named_sandbox_slash_session_wherever_an_id_is_taken()
    {
        string name = (string)_engine.Run("New-SandboxSession one -Sandbox $Box").One.ToString();
        Assert.Equal($"{fixture.Id}/one", name);
        Assert.Equal(["one"], _engine.Run("(Get-SandboxSession $Name).Id", ("Name", name)).Texts);
        Assert.Equal(["ok"], _engine.Run("Invoke-SandboxCommand 'echo ok' -Session $Name").Texts);
        Assert.Equal(["v"], _engine.Run("Set-SandboxEnv A v -Session $Name; (Get-SandboxEnv A -Session $Name).Value").Texts);
        Assert.Empty(_engine.Run("Remove-SandboxSession $Name").Texts);
        Assert.Equal("SessionNotFound", _engine.Run("Get-SandboxSession $Name").ErrorId);
    }

    [Fact]
    public void A_contradicting_Sandbox_is_an_error()
    {
        object session = _engine.Run("New-SandboxSession two -Sandbox $Box").One;
        Assert.Equal("SandboxMismatch", _engine.Run("Invoke-SandboxCommand 'touch mismatch' -Session $s -Sandbox other", ("s", session)).ErrorId);
        Assert.Equal("SandboxMismatch", _engine.Run("Get-SandboxEnv -Session $s -Sandbox other").ErrorId);
        Assert.Equal(["two"], _engine.Run("(Get-SandboxSession $s -Sandbox $Box).Id").Texts);
    }

    [Fact]
    public void Wildcards_find_and_a_pattern_without_a_match_is_silence()
    {
        _ = _engine.Run("'wa', 'wb', 'x' | ForEach-Object { New-SandboxSession $_ -Sandbox $Box }").Clean;
        Assert.Equal(["wa", "wb"], _engine.Run("(Get-SandboxSession w* -Sandbox $Box).Id").Texts);
        Assert.Equal(["wa", "wb"], _engine.Run("$Box | Get-SandboxSession W? | ForEach-Object Id").Texts);
        Assert.Equal([$"{fixture.Id}/wa"], _engine.Run("Get-SandboxSession */wa | ForEach-Object { \"$_\" }").Texts);
        Assert.Contains("x", _engine.Run("(Get-SandboxSession -Sandbox *).Id").Texts);
        Assert.Empty(_engine.Run("Get-SandboxSession nothing* -Sandbox $Box; Get-Sandbox nothing*; Remove-Sandbox nothing*; Remove-SandboxSession no*").Texts);
        Assert.Empty(_engine.Run("Remove-SandboxSession w* -Sandbox $Box").Texts);
        Assert.Empty(_engine.Run("Get-SandboxSession w* -Sandbox $Box").Texts);
    }

    [Fact]
    public void Unknown_ids_are_not_found_and_nothing_is_created_by_being_mentioned()
    {
        Assert.Equal("SandboxNotFound", _engine.Run("Get-Sandbox nosuch").ErrorId);
        Assert.Equal("SandboxNotFound", _engine.Run("Remove-Sandbox nosuch").ErrorId);
        Assert.Equal("SandboxNotFound", _engine.Run("Invoke-SandboxCommand true -Sandbox nosuch").ErrorId);
        Assert.Equal("SandboxNotFound", _engine.Run("New-SandboxSession -Sandbox nosuch").ErrorId);
        foreach (string use in new[] { "Get-SandboxSession nosuch", "Remove-SandboxSession nosuch", "Invoke-SandboxCommand true -Session nosuch", "Get-SandboxEnv -Session nosuch", "Set-SandboxEnv A b -Session nosuch" })
        {
            EngineResult result = _engine.Run($"{use} -Sandbox $Box");
            Assert.Equal("SessionNotFound", result.ErrorId);
            Assert.Equal($"{fixture.Id}/nosuch", result.Error.TargetObject);
        }

        Assert.Empty(_engine.Run("Get-SandboxSession nosuch* -Sandbox $Box; Get-Sandbox nosuch*").Texts);
    }

    [Fact]
    public void A_taken_id_is_an_error()
    {
        Assert.Equal("SandboxExists", _engine.Run("New-Sandbox $Id", ("Id", fixture.Id)).ErrorId);
        EngineResult result = _engine.Run("New-SandboxSession taken -Sandbox $Box; New-SandboxSession taken -Sandbox $Box");
        Assert.Equal("SessionExists", result.ErrorId);
        Assert.Equal(System.Management.Automation.ErrorCategory.ResourceExists, result.Error.CategoryInfo.Category);
    }

    [Fact]
    public void Objects_carry_their_server_and_work_in_another_runspace()
    {
        dynamic session = _engine.Run("New-SandboxSession elsewhere -Sandbox $Box -WorkingDirectory here").One;
        Assert.StartsWith("unix:/", (string)session.Server, StringComparison.Ordinal);
        using Engine other = new();
        Assert.Equal(["/workspace/here"], other.Run("$s | Invoke-SandboxCommand pwd", ("s", (object)session)).Texts);
    }

    [Fact]
    public void Several_sandboxes_are_made_at_once()
    {
        EngineResult made = _engine.Run("New-Sandbox many1, many2, many3 -Label @{ kind = 'many' }");
        Assert.Equal(["many1", "many2", "many3"], made.Texts.Order());
        Assert.Equal(["many"], _engine.Run("(Get-Sandbox many2).Labels['kind']").Texts);
        Assert.Equal("SandboxExists", _engine.Run("New-Sandbox many1").ErrorId);
        Assert.Empty(_engine.Run("Get-Sandbox many? | Remove-Sandbox; Get-Sandbox many?").Texts);
    }

    [Fact]
    public void A_piped_string_is_an_id_where_a_session_is_the_object()
    {
        _ = _engine.Run("New-SandboxSession piped -Sandbox $Box").Clean;
        Assert.Equal(["piped"], _engine.Run("'piped' | Get-SandboxSession -Sandbox $Box | ForEach-Object Id").Texts);
        Assert.Equal(["piped"], _engine.Run("\"$Box/piped\" | Get-SandboxSession | ForEach-Object Id").Texts);
        Assert.Equal(["piped"], _engine.Run("(\"$Box/piped\" | Remove-SandboxSession -AsResult).SessionId").Texts);
    }
}

using System.Management.Automation;
using System.Net;
using System.Security;

namespace Sandbox.Tests;

public sealed class EnvironmentTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void Values_are_strings_numbers_and_bools_and_null_is_skipped_when_a_session_is_made()
    {
        EngineResult result = _engine.Run(
            """
            $s = New-SandboxSession -Sandbox $Box -Environment @{ TEXT = 'a "b" $HOME'; NUMBER = 1.5; BIG = 12345678901; YES = $true; NO = $false; EMPTY = ''; NOTHING = $null }
            $s | Invoke-SandboxCommand 'echo "$TEXT|$NUMBER|$BIG|$YES|$NO|${EMPTY-unset}|${NOTHING-unset}"'
            """);
        Assert.Equal(["a \"b\" $HOME|1.5|12345678901|true|false||unset"], result.Texts);
    }

    [Fact]
    public void Any_other_value_is_InvalidArgument_and_is_not_shown()
    {
        EngineResult result = _engine.Run("New-SandboxSession -Sandbox $Box -Environment @{ WHEN = [datetime]'2001-02-03' }");
        Assert.Equal("InvalidArgument", result.ErrorId);
        Assert.DoesNotContain("2001", result.Error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_masked_and_AsPlainText_reveals_them()
    {
        SecureString secret = new NetworkCredential("", "hunter2-not-shown").SecurePassword;
        EngineResult made = _engine.Run("$s = New-SandboxSession sec -Sandbox $Box -Environment @{ KEY = $Secret } -Verbose; $s; Set-SandboxEnv TOKEN $Secret -Session $s -Verbose", ("Secret", secret));
        Assert.All(made.Verbose, line => Assert.DoesNotContain("hunter2", line, StringComparison.Ordinal));
        Assert.Equal(["KEY=********", "TOKEN=********"], _engine.Run("Get-SandboxEnv KEY, TOKEN -Session $s | ForEach-Object { \"$($_.Name)=$($_.Value)\" }").Texts);
        Assert.Equal(["hunter2-not-shown"], _engine.Run("(Get-SandboxEnv KEY -Session $s -AsPlainText).Value").Texts);
        Assert.Equal(["hunter2-not-shown hunter2-not-shown"], _engine.Run("$s | Invoke-SandboxCommand 'echo $KEY $TOKEN'").Texts);
        Assert.Equal(["hunter2-not-shown"], _engine.Run("Invoke-SandboxCommand 'echo $ONCE' -Session $s -Environment @{ ONCE = $Secret }").Texts);
    }

    [Fact]
    public void Set_changes_the_living_session_and_null_unsets()
    {
        Assert.Equal(["new bar|"], _engine.Run(
            """
            $s = New-SandboxSession -Sandbox $Box -Environment @{ FOO = 'old'; GONE = 'x' }
            $s | Set-SandboxEnv FOO 'new bar'
            Set-SandboxEnv GONE $null -Session $s
            $s | Invoke-SandboxCommand 'echo "$FOO|$GONE"'
            """).Texts);
        Assert.Equal(["1 2|unset"], _engine.Run(
            "$s | Set-SandboxEnv -Environment @{ A = 1; B = '2'; FOO = $null } -PassThru | Invoke-SandboxCommand 'echo \"$A $B|${FOO-unset}\"'").Texts);
    }

    [Fact]
    public void Get_shows_what_the_shell_exports()
    {
        Assert.Equal(["LIVE=1"], _engine.Run(
            """
            $s = New-SandboxSession -Sandbox $Box
            $s | Invoke-SandboxCommand 'export LIVE=1'
            $s | Get-SandboxEnv LI* | ForEach-Object { "$($_.Name)=$($_.Value)" }
            """).Texts);
        Assert.Equal("VariableNotFound", _engine.Run("Get-SandboxEnv NOSUCH -Session $s").ErrorId);
        Assert.Empty(_engine.Run("Get-SandboxEnv NOSUCH* -Session $s").Texts);
    }

    [Fact]
    public void With_neither_session_nor_default_session_it_is_the_sandboxs_environment()
    {
        Assert.Equal(["new=v", "old=", "none=v"], _engine.Run(
            """
            $old = New-SandboxSession -Sandbox $Box
            $Box | Set-SandboxEnv SHARED v
            New-SandboxSession -Sandbox $Box | Invoke-SandboxCommand 'echo new=$SHARED'
            $old | Invoke-SandboxCommand 'echo old=$SHARED'
            $Box | Invoke-SandboxCommand 'echo none=$SHARED'
            """).Texts);
        Assert.Equal(["v"], _engine.Run("($Box | Get-SandboxEnv SHARED).Value").Texts);
    }

    [Fact]
    public void With_a_default_session_it_is_that_ones_environment()
    {
        Assert.Equal(["v", "default", "w"], _engine.Run(
            """
            $d = New-Sandbox -DefaultSession
            $d | Set-SandboxEnv MINE v
            $d | Invoke-SandboxCommand 'echo $MINE; export MINE=w'
            $d | Get-SandboxEnv MINE | ForEach-Object { $_.SessionId; $_.Value }
            $d | Remove-Sandbox
            """).Texts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1A")]
    [InlineData("A-B")]
    [InlineData("A B")]
    [InlineData("A=B")]
    [InlineData("Ä")]
    [InlineData("A;touch x")]
    public void Malformed_names_are_refused(string name)
    {
        EngineResult result = _engine.Run("New-SandboxSession -Sandbox $Box -Environment @{ $Name = 'v' }", ("Name", name));
        Assert.Equal(("InvalidRequest", ErrorCategory.InvalidArgument), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Equal("InvalidRequest", _engine.Run("Set-SandboxEnv -Environment @{ $Name = 'v' } -Sandbox $Box").ErrorId);
        Assert.Equal("InvalidRequest", _engine.Run("Invoke-SandboxCommand true -Environment @{ $Name = 'v' } -Sandbox $Box").ErrorId);
    }
}

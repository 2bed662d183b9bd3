using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class RepositoryTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    // Made inside, so that the sandbox's own git has all it needs.
    private const string Make = "rm -rf /workspace/* && git init -q -b main r && cd r && echo 1 > f && git add f && git -c user.name=a -c user.email=a@b commit -q -m 1 && git tag v1 && git branch side && cd .. && git clone -q --bare r r.git && rm -rf r";

    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void A_repository_of_the_sandbox_is_imported_and_told()
    {
        dynamic repository = Run($"Invoke-SandboxCommand '{Make}' -Sandbox $Box; Import-SandboxRepository file:///workspace/r.git -Sandbox $Box").One;
        Assert.Equal(("/workspace/r", "file:///workspace/r.git", "main", fixture.Id), ((string)repository.SandboxPath, (string)repository.Uri, (string)repository.Branch, (string)repository.SandboxId));
        Assert.Equal(40, ((string)repository.Commit).Length);
        Assert.Equal(["1", "/workspace/two/r side"], Run(
            """
            Get-SandboxContent /workspace/r/f -Sandbox $Box
            New-SandboxSession -Sandbox $Box -WorkingDirectory /workspace/two | Import-SandboxRepository ../r.git -Branch side -Depth 1 | ForEach-Object { "$($_.SandboxPath) $($_.Branch)" }
            """).Texts);
    }

    [Fact]
    public void Errors_are_told_apart()
    {
        _ = Run($"Invoke-SandboxCommand '{Make}' -Sandbox $Box").Texts;
        Assert.Equal("RepositoryNotFound", Fail("file:///workspace/none"));
        Assert.Equal("RepositoryNotFound", Fail("'-v'"));
        Assert.Equal("BranchNotFound", Fail("/workspace/r.git -Branch none"));
        Assert.Equal("BranchNotFound", Fail("/workspace/r.git -Tag none"));
        Assert.Equal("PathExists", Fail("/workspace/r.git r.git"));
        Assert.Equal("NetworkUnreachable", Fail("http://127.0.0.1:1/r.git"));
        Assert.Equal("InvalidRequest", Fail("/workspace/r.git -Credential ([pscredential]::new('me', (& $secure 'x')))"));
        Assert.Equal("SessionNotFound", Run("Import-SandboxRepository /workspace/r.git -Session none -Sandbox $Box").ErrorId);
        Assert.Empty(Run("Import-SandboxRepository /workspace/r.git new -Sandbox $Box -WhatIf; Get-SandboxItem /workspace/new* -Sandbox $Box").Texts);
    }

    [Fact]
    public void A_password_is_in_no_error_and_no_verbose_line()
    {
        EngineResult result = Run("Import-SandboxRepository http://me:hush@127.0.0.1:1/r.git -Sandbox $Box -Verbose -WarningAction SilentlyContinue");
        Assert.Equal("NetworkUnreachable", result.ErrorId);
        Assert.DoesNotContain("hush", result.Error.ToString() + result.Error.TargetObject + string.Join('\n', result.Verbose), StringComparison.Ordinal);
        _ = Run("Import-SandboxRepository http://me:hush@127.0.0.1:1/r.git -Sandbox $Box -WhatIf").Texts;
        Assert.DoesNotContain("hush", _engine.Host.TakeShown(), StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_ends_it_and_leaves_nothing()
    {
        using Engine busy = new();

        // A listener that takes the connection and never answers.
        _ = Run("$null = Start-SandboxProcess 'exec perl -MIO::Socket::INET -e \"\\$s = IO::Socket::INET->new(LocalAddr => q(127.0.0.1), LocalPort => 7777, Listen => 5); print qq(ready\\n); sleep 1000\"' -Id silent -Sandbox $Box; $null = Wait-SandboxProcess silent -Sandbox $Box -Port 7777 -TimeoutSeconds 30").Texts;
        using PowerShell shell = busy.Prepare("Import-SandboxRepository http://127.0.0.1:7777/r.git silent -Sandbox $Box", ("Box", fixture.Box));
        shell.BeginInvoke();
        Wait.Until(() => Run("Invoke-SandboxCommand 'grep -ls [g]it-remote-http /proc/[0-9]*/cmdline || true' -Sandbox $Box").Texts.Length > 0, "git asks");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Wait.Until(() => Run("Invoke-SandboxCommand 'grep -ls [g]it-remote-http /proc/[0-9]*/cmdline || true' -Sandbox $Box").Texts.Length == 0, "git has gone");
        Assert.Equal("CommandTimedOut", Run("Import-SandboxRepository http://127.0.0.1:7777/r.git silent -Sandbox $Box -TimeoutSeconds 0.3").ErrorId);
        Assert.Empty(Run("Stop-SandboxProcess silent -Force -Sandbox $Box; Get-SandboxItem /workspace/*silent* -Force -Sandbox $Box").Texts);
    }

    private string Fail(string arguments) => Run($"Import-SandboxRepository {arguments} -Sandbox $Box").ErrorId;

    private EngineResult Run(string script)
    {
        System.Security.SecureString secret = new();
        secret.AppendChar('x');
        return _engine.Run(script.Replace("(& $secure 'x')", "$secret", StringComparison.Ordinal), ("secret", secret));
    }
}

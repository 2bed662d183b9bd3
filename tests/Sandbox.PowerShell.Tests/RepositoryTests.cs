using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Passwords in the output of an import, and stopping one. Other tests: SandboxRepository.Tests.ps1.</summary>
public sealed class RepositoryTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void WhatIf_does_not_show_a_password()
    {
        _ = Run("Import-SandboxRepository http://me:hush@127.0.0.1:1/r.git -Sandbox $Box -WhatIf").Texts;
        string shown = _engine.Host.TakeShown();
        Assert.Contains("127.0.0.1", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_ends_the_import_and_leaves_nothing()
    {
        using PowerShellEngine busy = new();

        // Accepts the connection and never responds.
        _ = Run("$null = Start-SandboxProcess 'exec perl -MIO::Socket::INET -e \"\\$s = IO::Socket::INET->new(LocalAddr => q(127.0.0.1), " +
            "LocalPort => 7777, Listen => 5); print qq(ready\\n); sleep 1000\"' -Id silent -Sandbox $Box; " +
            "$null = Wait-SandboxProcess silent -Sandbox $Box -Port 7777 -TimeoutSeconds 60").Texts;
        using PowerShell shell = busy.Prepare("Import-SandboxRepository http://127.0.0.1:7777/r.git silent -Sandbox $Box", ("Box", fixture.Box));
        shell.BeginInvoke();
        Wait.Until(() => Run("Invoke-SandboxCommand 'grep -ls [g]it-remote-http /proc/[0-9]*/cmdline || true' -Sandbox $Box").Texts.Length > 0, "git asks");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Wait.Until(
            () => Run("Invoke-SandboxCommand 'grep -ls [g]it-remote-http /proc/[0-9]*/cmdline || true' -Sandbox $Box").Texts.Length == 0, "git has gone");
        Assert.Equal("CommandTimedOut", Run("Import-SandboxRepository http://127.0.0.1:7777/r.git silent -Sandbox $Box -TimeoutSeconds 0.3").ErrorId);
        Assert.Empty(Run("Stop-SandboxProcess silent -Force -Sandbox $Box; Get-SandboxItem /workspace/*silent* -Force -Sandbox $Box").Texts);
    }

    private ScriptResult Run(string script) => _engine.Run(script);
}

namespace Sandbox.Tests;

public sealed class WhatIfTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void WhatIf_changes_nothing()
    {
        _ = _engine.Run("New-SandboxSession keep -Sandbox $Box -Environment @{ A = 'old' }").Clean;
        Assert.Empty(_engine.Run(
            """
            New-Sandbox whatif -WhatIf
            Remove-Sandbox $Box -WhatIf
            New-SandboxSession whatif -Sandbox $Box -WhatIf
            Remove-SandboxSession keep -Sandbox $Box -WhatIf
            Set-SandboxEnv A new -Session keep -Sandbox $Box -WhatIf
            Invoke-SandboxCommand 'touch whatif' -Sandbox $Box -WhatIf
            """).Texts);
        Assert.Equal(["keep=old", "no"], _engine.Run(
            """
            Get-Sandbox whatif*
            Get-SandboxSession -Sandbox $Box | Invoke-SandboxCommand 'echo $0' -WhatIf
            Get-SandboxSession -Sandbox $Box | ForEach-Object { "$($_.Id)=$(($_ | Get-SandboxEnv A).Value)" }
            Invoke-SandboxCommand 'test -e whatif || echo no' -Sandbox $Box
            """).Texts);
        Assert.Contains("Remove sandbox", _engine.Host.TakeShown(), StringComparison.Ordinal);
    }
}

namespace Sandbox.Tests;

public sealed class WhatIfTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    [Fact]
    public void WhatIf_shows_what_would_be_done()
    {
        fixture.Engine.Host.TakeShown();
        Assert.Empty(fixture.Engine.Run("Remove-Sandbox $Box -WhatIf").Texts);
        Assert.Equal($"What if: Performing the operation \"Remove sandbox with its files, sessions and processes\" on target \"{fixture.Id}\".\n",
            fixture.Engine.Host.TakeShown());
    }
}

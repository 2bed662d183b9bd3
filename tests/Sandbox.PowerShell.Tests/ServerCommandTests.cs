namespace Sandbox.Tests;

/// <summary>A server selected by an environment variable.</summary>
public sealed class ServerCommandTests : IDisposable
{
    private readonly TestHome _home = new();

    [Fact]
    public void Test_of_an_unreachable_server_returns_the_reason_without_an_error()
    {
        const string Script = "Test-SandboxServer | ForEach-Object { \"$($_.Name) $($_.Available) $($_.Reason)\" }; Test-SandboxServer -Quiet";
        using PowerShellProcess shell = new(_home, [], Script, ("SANDBOX_URI", "unix:/nosuch/socket"));
        (int code, string output, string errors) = shell.Finish();
        Assert.Equal((0, ""), (code, errors));
        Assert.StartsWith("server False The server at 'unix:/nosuch/socket' cannot be reached", output, StringComparison.Ordinal);
        Assert.EndsWith("False\n", output, StringComparison.Ordinal);
        Assert.False(_home.HasServer);
    }

    public void Dispose() => _home.Dispose();
}

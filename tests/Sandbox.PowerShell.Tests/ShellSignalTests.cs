namespace Sandbox.Tests;

/// <summary>Signals that end a shell also end its commands in a sandbox.</summary>
public sealed class ShellSignalTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _mark = UniqueSleep.Next();

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void Signal_to_the_shell_stops_the_remote_command(string signal)
    {
        using PowerShellProcess shell = new(_home, $"New-SandboxSession int | Invoke-SandboxCommand 'echo begun; sleep {_mark}'; 'not reached'");
        Assert.Equal("begun", shell.ReadLine());
        Wait.Until(() => UniqueSleep.IsRunning(_mark), "the remote process runs");
        shell.Signal(signal);
        (int code, string output, _) = shell.Finish();
        Assert.NotEqual(0, code);
        Assert.Equal("", output);
        Wait.Until(() => !UniqueSleep.IsRunning(_mark), "the remote process is gone");
    }

    [Fact]
    public void Signal_to_the_shell_stops_its_jobs()
    {
        using PowerShellProcess shell = new(_home, $"$job = Invoke-SandboxCommand 'sleep {_mark}' -AsJob; 'begun'; $null = Wait-Job $job");
        Assert.Equal("begun", shell.ReadLine());
        Wait.Until(() => UniqueSleep.IsRunning(_mark), "the remote process runs");
        shell.Signal("TERM");
        _ = shell.Finish();
        Wait.Until(() => !UniqueSleep.IsRunning(_mark), "the remote process is gone");
    }

    public void Dispose() => _home.Dispose();
}

using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class CommandQueueTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;

    [Fact]
    public void Wait_shows_the_running_command_and_Ctrl_C_leaves_the_queue()
    {
        _ = _engine.Run("$s = New-SandboxSession queue -Sandbox $Box").Clean;
        using PowerShellEngine first = new();
        using PowerShell running = first.Prepare("Invoke-SandboxCommand 'echo begun; sleep 300' -Session queue -Sandbox $Box", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        running.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first command runs");

        using PowerShellEngine second = new();
        using PowerShell waiting = second.Prepare("Invoke-SandboxCommand 'touch ran-from-queue' -Session queue -Sandbox $Box", ("Box", fixture.Box));
        waiting.BeginInvoke();
        Wait.Until(() => waiting.Streams.Progress.Count > 0, "progress is shown");
        ProgressRecord shown = waiting.Streams.Progress[0];
        Assert.Equal($"Waiting in '{fixture.Id}/queue'", shown.Activity);
        Assert.StartsWith("'echo begun; sleep 300' has been running since ", shown.StatusDescription, StringComparison.Ordinal);
        waiting.Stop();
        running.Stop();
        Assert.Equal(["no"], _engine.Run("$s | Invoke-SandboxCommand 'test -e ran-from-queue || echo no'").Texts);
    }

    [Fact]
    public void Progress_is_completed_when_the_command_starts()
    {
        _ = _engine.Run("$s = New-SandboxSession turn -Sandbox $Box").Clean;
        using PowerShellEngine first = new();
        using PowerShell running = first.Prepare(
            "Invoke-SandboxCommand 'echo begun; until [ -e go-on ]; do sleep 0.01; done' -Session turn -Sandbox $Box", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        IAsyncResult firstRun = running.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first command runs");

        using PowerShellEngine second = new();
        using PowerShell waiting = second.Prepare("Invoke-SandboxCommand 'echo mine' -Session turn -Sandbox $Box", ("Box", fixture.Box));
        IAsyncResult secondRun = waiting.BeginInvoke();
        Wait.Until(() => waiting.Streams.Progress.Count > 0, "progress is shown");
        _ = _engine.Run("Invoke-SandboxCommand 'touch go-on' -Sandbox $Box").Clean;
        running.EndInvoke(firstRun);
        Assert.Equal("mine", Assert.Single(waiting.EndInvoke(secondRun)).ToString());
        Assert.Equal(ProgressRecordType.Completed, waiting.Streams.Progress.Last().RecordType);
    }

    [Fact]
    public void Long_running_command_shows_no_queue_progress()
    {
        using PowerShell shell = _engine.Prepare(
            "New-SandboxSession -Sandbox $Box | Invoke-SandboxCommand 'sleep 1.2'; Invoke-SandboxCommand 'sleep 1.2' -Sandbox $Box");
        shell.Invoke();
        Assert.Empty(shell.Streams.Error);
        Assert.Empty(shell.Streams.Progress);
    }
}

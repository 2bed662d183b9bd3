using System.Management.Automation;

namespace Sandbox.Tests;

public sealed class CommandStopTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;
    private readonly string _mark = UniqueSleep.Next();

    [Fact]
    public void Stop_ends_the_remote_command_and_the_session_stays_usable()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            $"$s = $Box | New-SandboxSession stop1; $s | Invoke-SandboxCommand 'export KEPT=1; echo begun; sleep {_mark}'", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first line");
        shell.Stop();
        Assert.Equal(PSInvocationState.Stopped, shell.InvocationStateInfo.State);
        Wait.Until(IsGone, "the command is gone");
        Assert.Equal(["usable 1"], _engine.Run("Invoke-SandboxCommand 'echo usable $KEPT' -Session stop1 -Sandbox $Box").Texts);
    }

    [Fact]
    public void Stop_before_any_output_ends_the_remote_command()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare($"$Box | Invoke-SandboxCommand 'sleep {_mark}'", ("Box", fixture.Box));
        shell.BeginInvoke();
        Wait.Until(() => !IsGone(), "the command runs");
        shell.Stop();
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Stop_right_after_the_start_leaves_nothing_behind()
    {
        // A different moment each time.
        for (int i = 0; i < 20; i++)
        {
            using PowerShellEngine busy = new();
            using PowerShell shell = busy.Prepare($"$Box | Invoke-SandboxCommand 'sleep {_mark}'", ("Box", fixture.Box));
            shell.BeginInvoke();
            Wait.Until(() => shell.InvocationStateInfo.State == PSInvocationState.Running, "it runs");
            Thread.Sleep(i);
            shell.Stop();
        }

        Wait.Until(IsGone, "the commands are gone");
    }

    [Fact]
    public void Exception_downstream_ends_the_remote_command()
    {
        Assert.NotNull(_engine.Run($"Invoke-SandboxCommand 'echo first; sleep {_mark}' -Sandbox $Box | ForEach-Object {{ throw 'enough' }}").Terminating);
        Wait.Until(IsGone, "the command is gone");
        _ = _engine.Run($"foreach ($i in 1) {{ Invoke-SandboxCommand 'echo first; sleep {_mark}' -Sandbox $Box | ForEach-Object {{ break }} }}").Clean;
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Standard_error_as_terminating_error_ends_the_remote_command()
    {
        Assert.NotNull(_engine.Run($"Invoke-SandboxCommand 'echo bad >&2; sleep {_mark}' -Sandbox $Box -StandardError Error -ErrorAction Stop").Terminating);
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Stop_of_many_targets_ends_all()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare(
            $"1..3 | ForEach-Object {{ $Box | New-SandboxSession }} | Invoke-SandboxCommand 'echo begun; sleep {_mark}'", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 3, "all have begun");
        shell.Stop();
        Wait.Until(IsGone, "all are gone");
    }

    [Fact]
    public void Removal_of_a_session_ends_its_running_command()
    {
        using PowerShellEngine busy = new();
        using PowerShell shell = busy.Prepare($"$Box | New-SandboxSession doomed | Invoke-SandboxCommand 'echo begun; sleep {_mark}'", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        IAsyncResult running = shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "the first line");
        dynamic answer = _engine.Run("Remove-SandboxSession doomed -Sandbox $Box -AsResult").One;
        Assert.Equal((true, "doomed"), ((bool)answer.Success, (string)answer.SessionId));
        Assert.True(answer.Timestamp > DateTimeOffset.UnixEpoch);
        Assert.True(running.AsyncWaitHandle.WaitOne(Wait.Limit), "the caller still waits");
        Wait.Until(IsGone, "the command is gone");
        Assert.Equal("SessionNotFound", _engine.Run("Get-SandboxSession doomed -Sandbox $Box").ErrorId);
    }

    private bool IsGone() => !UniqueSleep.IsRunning(_mark);
}

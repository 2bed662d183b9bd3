using System.ComponentModel;
using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Commands as jobs, with PowerShell's own job cmdlets.</summary>
public sealed class JobTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly PowerShellEngine _engine = fixture.Engine;
    private readonly string _mark = UniqueSleep.Next();

    [Fact]
    public void Stop_Job_ends_the_processes_of_the_command()
    {
        _ = _engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark} & sleep {_mark}' -Sandbox $Box -AsJob").Clean;
        Wait.Until(() => !IsGone(), "the command runs");
        _ = _engine.Run("Stop-Job $job").Clean;
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Stop_Job_right_after_the_start_leaves_nothing_behind()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(
                ["Stopped"], _engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob; Stop-Job $job -PassThru | " +
                $"ForEach-Object {{ \"$($_.State)\" }}; Remove-Job $job").Texts);
        }

        Wait.Until(IsGone, "the commands are gone");
    }

    [Fact]
    public void Removal_of_a_running_job_ends_its_command()
    {
        _ = _engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob").Clean;
        Wait.Until(() => !IsGone(), "the command runs");
        _ = _engine.Run("Remove-Job $job -Force").Clean;
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Child_jobs_beyond_the_ThrottleLimit_have_not_started()
    {
        _ = _engine.Run(
            """
            $many = 1..3 | ForEach-Object { New-SandboxSession -Sandbox $Box -WorkingDirectory throttled }
            $job = $many | Invoke-SandboxCommand 'echo ran; until [ -e go ]; do sleep 0.01; done' -AsJob -ThrottleLimit 1
            """).Clean;
        Wait.Until(() => _engine.Run("$job.ChildJobs[0].Output.Count").Texts is ["1"], "the first runs");
        Assert.Equal(["Running", "NotStarted", "NotStarted", "True", "Running"], _engine.Run(
            "$job.ChildJobs | ForEach-Object { \"$($_.State)\" }; $null -eq $job.ChildJobs[1].PSBeginTime; \"$($job.State)\"").Texts);
        Assert.Equal(["NotStarted", "Stopped", "NotStarted"],
            _engine.Run("\"$($job.ChildJobs[1].State)\"; Stop-Job -Id $job.ChildJobs[1].Id; $job.ChildJobs[1, 2] | ForEach-Object { \"$($_.State)\" }").Texts);
        Assert.Equal(["Stopped", "Completed,Stopped,Completed", "ran,ran"], _engine.Run(
            """
            Invoke-SandboxCommand 'touch throttled/go' -Sandbox $Box
            "$((Wait-Job $job).State)"
            ($job.ChildJobs | ForEach-Object { "$($_.State)" }) -join ','
            (Receive-Job $job) -join ','
            """).Texts);
    }

    [Fact]
    public void Job_ends_with_its_command_while_its_input_stream_is_open() =>
        Assert.Equal(["Completed"], _engine.Run(
            "\"$((Invoke-SandboxCommand 'head -c 1 > /dev/null' -Sandbox $Box -AsJob -InputObject $Stream | Wait-Job).State)\"",
            ("Stream", new EndlessStream())).Texts);

    [Fact]
    public void Job_can_be_stopped_while_its_input_stream_blocks()
    {
        using BlockingStream stream = new();
        _ = _engine.Run("$job = Invoke-SandboxCommand 'read a; echo got $a; cat' -Sandbox $Box -AsJob -InputObject $Stream", ("Stream", stream)).Clean;
        Wait.Until(() => _engine.Run("$job.ChildJobs[0].Output.Count").Texts is ["1"], "the command reads");
        Assert.Equal(["Stopped", "got first"], _engine.Run("Stop-Job $job; \"$($job.State)\"; Receive-Job $job").Texts);
    }

    [Fact]
    public void Failing_input_stream_fails_the_job_and_ends_its_command()
    {
        ScriptResult result = _engine.Run(
            "$job = Invoke-SandboxCommand 'cat > part; echo whole > whole' -Sandbox $Box -AsJob -InputObject $Stream; Receive-Job $job -Wait",
        ("Stream", new FailingStream()));
        Assert.Equal(("InputFailed", ErrorCategory.ReadError), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Equal(["Failed", "no"], _engine.Run("\"$($job.State)\"; Invoke-SandboxCommand 'test -e whole || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void Queued_job_shows_what_it_waits_for_and_never_runs_once_stopped()
    {
        _ = _engine.Run(
            $"""
            $s = New-SandboxSession -Sandbox $Box
            $first = $s | Invoke-SandboxCommand 'echo begun; sleep {_mark}' -AsJob
            """).Clean;
        Wait.Until(() => _engine.Run("$first.ChildJobs[0].Output.Count").Texts is ["1"], "the first runs");
        _ = _engine.Run("$second = $s | Invoke-SandboxCommand 'touch ran-from-queue' -AsJob").Clean;
        Wait.Until(() => _engine.Run("$second.StatusMessage").Texts is [{ Length: > 0 }], "it says what it waits for");
        Assert.Equal([$"'echo begun; sleep {_mark}' has been running since", "Running"], _engine.Run(
            "if ($second.StatusMessage -match \"'echo.*' has been running since\") { $Matches[0] }; \"$($second.State)\"").Texts);

        // Each progress record replaces the previous one.
        Wait.Until(() => _engine.Run("$second.ChildJobs[0].Progress.Count").Texts is ["1"], "its progress is kept");
        Assert.Equal(["no"], _engine.Run("Stop-Job $second, $first; $s | Invoke-SandboxCommand 'test -e ran-from-queue || echo no'").Texts);
    }

    [Fact]
    public void Each_state_raises_an_event_including_stopping()
    {
        Job2 job = (Job2)_engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob; $job").One;
        List<JobState> states = [];
        using ManualResetEventSlim stopped = new();
        AsyncCompletedEventArgs? completed = null;
        job.StateChanged += (_, e) => states.Add(e.JobStateInfo.State);
        job.StopJobCompleted += (_, e) =>
        {
            completed = e;
            stopped.Set();
        };
        job.StopJobAsync();
        Assert.True(stopped.Wait(Wait.Limit), "the completion event was not raised");
        Assert.Null(completed!.Error);
        Assert.Equal([JobState.Stopped], states);
        Assert.True(job.Finished.WaitOne(Wait.Limit));
        Assert.Throws<InvalidJobStateException>(job.StartJob);
        Assert.Throws<PSNotSupportedException>(job.SuspendJob);
    }

    [Fact]
    public void Removal_from_a_completion_event_handler_does_not_hang()
    {
        Job2 job = (Job2)_engine.Run("$job = Invoke-SandboxCommand 'until [ -e notified ]; do sleep 0.01; done' -Sandbox $Box -AsJob; $job").One;
        using ManualResetEventSlim removed = new();
        job.StateChanged += (_, _) =>
        {
            job.Dispose();
            removed.Set();
        };
        _ = _engine.Run("Invoke-SandboxCommand 'touch notified' -Sandbox $Box").Clean;
        Assert.True(removed.Wait(Wait.Limit), "it hangs");
    }

    [Fact]
    public void Closing_the_runspace_ends_its_jobs()
    {
        using (PowerShellEngine busy = new())
        {
            _ = busy.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob", ("Box", fixture.Box)).Clean;
            Wait.Until(() => !IsGone(), "the command runs");
        }

        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Exit_of_the_shell_ends_its_jobs()
    {
        using TestHome home = new();
        Assert.Equal("begun\n", PowerShellProcess.Run(home,
            $$"""
            $job = Invoke-SandboxCommand 'echo begun; sleep {{_mark}}' -AsJob
            while ($job.ChildJobs[0].Output.Count -eq 0) { Start-Sleep -Milliseconds 20 }
            $job | Receive-Job
            """));
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void ErrorAction_Stop_ends_the_command_at_the_first_error()
    {
        ScriptResult result = _engine.Run(
            $"$job = Invoke-SandboxCommand 'echo bad >&2; sleep {_mark}' -StandardError Error -ErrorAction Stop -Sandbox $Box -AsJob | Wait-Job; " +
                $"$job | Receive-Job");
        Assert.Equal("StandardErrorLine", result.ErrorId);
        Assert.Equal(["Failed"], _engine.Run("\"$($job.State)\"").Texts);
        Wait.Until(IsGone, "the command is gone");
    }

    private bool IsGone() => !UniqueSleep.IsRunning(_mark);
}

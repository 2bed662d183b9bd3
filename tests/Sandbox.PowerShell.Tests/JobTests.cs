using System.ComponentModel;
using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Commands as jobs, through the engine's own job cmdlets.</summary>
public sealed class JobTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private static int s_next = 800_000;

    private readonly Engine _engine = fixture.Engine;
    private readonly int _mark = Interlocked.Increment(ref s_next);

    [Fact]
    public void A_job_is_emitted_at_once_and_the_job_cmdlets_find_it()
    {
        Assert.Equal(
            ["Job2", "build", "SandboxJob", "Running", $"{fixture.Id}", $"sleep {_mark}", "True", "True", "True", "True", "True", "True"],
            _engine.Run(
                $$"""
                $job = Invoke-SandboxCommand 'sleep {{_mark}}' -Sandbox $Box -AsJob -JobName build
                $job.GetType().BaseType.BaseType.Name
                $job.Name; $job.PSJobTypeName; "$($job.State)"; $job.Location; $job.Command
                $job.HasMoreData
                $null -ne $job.PSBeginTime
                (Get-Job build) -eq $job
                (Get-Job bui*) -eq $job
                (Get-Job -Id $job.Id) -eq $job
                (Get-Job -InstanceId $job.InstanceId) -eq $job
                """).Texts);
        Assert.Equal(["True", "True", "True", "1", "True"], _engine.Run(
            """
            (Get-Job -State Running) -contains $job
            (Get-Job -Command 'sleep 8*') -contains $job
            (Get-Job -Filter @{ Name = 'build' }) -eq $job
            @(Get-Job -IncludeChildJob | Where-Object Id -eq $job.ChildJobs[0].Id).Count
            (Get-Job -Id $job.ChildJobs[0].Id) -eq $job.ChildJobs[0]
            """).Texts);
        Assert.Empty(_engine.Run("Remove-Job build -Force; Get-Job | Where-Object Id -eq $job.Id").Texts);
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void JobName_alone_makes_a_job_and_a_name_is_made_up_without_it() =>
        Assert.Equal(["True", "named", "True"], _engine.Run(
            """
            $job = Invoke-SandboxCommand true -Sandbox $Box -JobName named
            $job -is [System.Management.Automation.Job2]
            $job.Name
            $other = Invoke-SandboxCommand true -Sandbox $Box -AsJob
            $other.Name -eq "Job$($other.Id)"
            $job, $other | Wait-Job | Remove-Job
            """).Texts);

    [Fact]
    public void Receive_Job_gives_what_the_pipeline_would_have_given()
    {
        Assert.Equal(["one", "two", "half"], Received(@"'printf ""one\ntwo\nhalf""'").Texts);
        Assert.Equal(["one\r\n\ntwo"], Received(@"'printf ""one\r\n\ntwo""' -Raw").Texts);
        byte[] bytes = Assert.Single(Received(@"'printf ""a\377b""' -AsByteStream").Clean.Output).BaseObject as byte[] ?? [];
        Assert.Equal([0x61, 0xFF, 0x62], bytes);
        dynamic result = Received("'echo out; echo err >&2; exit 3' -AsResult").One;
        Assert.Equal((3, "out\n", "err\n", fixture.Id), ((int)result.ExitCode, (string)result.StandardOutput, (string)result.StandardError, (string)result.SandboxId));
        Assert.Equal([$"[{fixture.Id}] a"], Received("'echo a' -Prefix").Texts);
    }

    [Fact]
    public void Standard_error_goes_where_it_goes_without_a_job()
    {
        const string Command = "'echo out; echo err >&2' -StandardError ";
        _engine.Host.TakeShown();
        EngineResult shown = Received(Command + "Host");
        Assert.Equal(["out"], shown.Texts);
        Assert.Equal(["PSHOST", "StandardError"], Assert.Single(shown.Information).Tags);
        Assert.Contains("err\n", _engine.Host.TakeShown(), StringComparison.Ordinal);
        EngineResult errors = Received(Command + "Error");
        Assert.Equal(("StandardErrorLine", ErrorCategory.FromStdErr, "err"), (errors.ErrorId, errors.Error.CategoryInfo.Category, errors.Error.Exception.Message));
        Assert.Equal(["Completed"], _engine.Run("\"$($job.State)\"").Texts);
        Assert.Equal(["err", "out"], Received(Command + "Output").Texts.Order());
        Assert.Equal(["out"], Received(Command + "Null").Texts);
    }

    [Fact]
    public void Warnings_and_verbose_lines_are_received_too()
    {
        EngineResult result = Received("'printf 1234567890' -Raw -OutputLimit 4", "-Verbose");
        Assert.Equal(["1234"], result.Texts);
        Assert.Contains("more than 4 bytes", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.Contains(result.Verbose, line => line.Contains($"/sandbox/{fixture.Id}/exec", StringComparison.Ordinal));
    }

    [Fact]
    public void An_exit_code_that_is_not_zero_is_no_failed_job_unless_it_is_an_error()
    {
        EngineResult plain = Received("'echo out; exit 7'");
        Assert.Equal(["out"], plain.Texts);
        Assert.Equal(["Completed", "7"], _engine.Run("\"$($job.State)\"; $job.ChildJobs[0].ExitCode").Texts);
        Assert.Equal("CommandExitedNonZero", Received("'exit 7' -ErrorOnNonZeroExit").ErrorId);
        Assert.Equal(["Failed", "7"], _engine.Run("\"$($job.State)\"; $job.ChildJobs[0].ExitCode").Texts);
        Assert.Equal(["Failed"], _engine.Run(
            "& { $PSNativeCommandUseErrorActionPreference = $true; \"$((Invoke-SandboxCommand 'exit 7' -Sandbox $Box -AsJob | Wait-Job).State)\" }").Texts);
    }

    [Fact]
    public void A_time_out_fails_the_job_and_keeps_the_output_so_far()
    {
        EngineResult result = Received("'echo begun; sleep 300' -TimeoutSeconds 0.5");
        Assert.Equal("CommandTimedOut", result.ErrorId);
        Assert.Equal("begun", Assert.Single(result.Output).ToString());
        Assert.Equal(["Failed", "True"], _engine.Run("\"$($job.State)\"; $job.StatusMessage -like '*time limit*'").Texts);
        Assert.True(Received("'sleep 300' -TimeoutSeconds 0.5 -AsResult").One.TimedOut);
        Assert.Equal(["Completed"], _engine.Run("\"$($job.State)\"").Texts);
    }

    [Fact]
    public void What_cannot_be_run_is_a_failed_job_with_the_usual_error()
    {
        EngineResult result = Received("'true' -Session nosuch");
        Assert.Equal(("SessionNotFound", ErrorCategory.ObjectNotFound), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Equal(["Failed"], _engine.Run("\"$($job.State)\"").Texts);
    }

    [Fact]
    public void LASTEXITCODE_is_not_touched_by_what_runs_in_the_background() =>
        Assert.Equal(["5"], _engine.Run("$global:LASTEXITCODE = 5; Invoke-SandboxCommand 'exit 3' -Sandbox $Box -AsJob | Receive-Job -Wait -AutoRemoveJob; $LASTEXITCODE").Texts);

    [Fact]
    public void Keep_leaves_the_output_for_the_next_time() =>
        Assert.Equal(["a", "a", "False", "0"], _engine.Run(
            """
            $job = Invoke-SandboxCommand 'echo a' -Sandbox $Box -AsJob | Wait-Job
            $job | Receive-Job -Keep
            $job | Receive-Job
            $job.HasMoreData
            @($job | Receive-Job).Count
            """).Texts);

    [Fact]
    public void Receive_Job_Wait_streams_and_AutoRemoveJob_removes()
    {
        // The second line comes only after the first was received.
        Assert.Equal(["first", "second", "0"], _engine.Run(
            """
            $job = Invoke-SandboxCommand 'echo first; until [ -e seen ]; do sleep 0.01; done; echo second' -Sandbox $Box -AsJob
            $job | Receive-Job -Wait -AutoRemoveJob | ForEach-Object { $_; if ($_ -eq 'first') { Invoke-SandboxCommand 'touch seen' -Sandbox $Box } }
            @(Get-Job | Where-Object Id -eq $job.Id).Count
            """).Texts);
    }

    [Fact]
    public void Stop_Job_ends_the_remote_command_and_the_session_stays_usable()
    {
        _ = _engine.Run($"$s = New-SandboxSession -Sandbox $Box; $job = $s | Invoke-SandboxCommand 'export KEPT=1; printf half; sleep {_mark}' -AsJob").Clean;
        Wait.Until(() => !IsGone(), "the command runs");
        Assert.Equal(["Stopped", "Stopped", "half", "usable 1"], _engine.Run(
            """
            Stop-Job $job
            "$($job.State)"
            "$($job.ChildJobs[0].State)"
            Receive-Job $job
            $s | Invoke-SandboxCommand 'echo usable $KEPT'
            """).Texts);
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void Stop_Job_right_after_the_beginning_leaves_nothing_behind()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(["Stopped"], _engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob; Stop-Job $job -PassThru | ForEach-Object {{ \"$($_.State)\" }}; Remove-Job $job").Texts);
        }

        Wait.Until(IsGone, "the commands are gone");
    }

    [Fact]
    public void A_running_job_is_removed_only_by_force()
    {
        _ = _engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob").Clean;
        Wait.Until(() => !IsGone(), "the command runs");
        Assert.NotEmpty(_engine.Run("Remove-Job $job").Errors);
        Assert.Equal(["0"], _engine.Run("Remove-Job $job -Force; @(Get-Job | Where-Object Id -eq $job.Id).Count").Texts);
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void A_child_job_is_not_removed_alone()
    {
        Assert.NotEmpty(_engine.Run("$job = Invoke-SandboxCommand 'echo whole' -Sandbox $Box -AsJob | Wait-Job; Remove-Job -Id $job.ChildJobs[0].Id").Errors);
        Assert.Equal(["whole"], _engine.Run("$job | Receive-Job -AutoRemoveJob -Wait").Texts);
    }

    [Fact]
    public void Each_target_has_a_child_job_and_one_that_fails_fails_the_whole()
    {
        Assert.Equal(["Failed", "Completed", "Failed", "True", "True"], _engine.Run(
            """
            $s = New-SandboxSession many1 -Sandbox $Box
            $job = Invoke-SandboxCommand 'echo here' -Session many1, nosuch -Sandbox $Box -AsJob | Wait-Job
            "$($job.State)"
            $job.ChildJobs | ForEach-Object { "$($_.State)" }
            $job.Location -eq "$Box/many1,$Box/nosuch"
            $job.ChildJobs[0].Location -eq "$Box/many1"
            """).Texts);
        Assert.Equal(["here"], _engine.Run("Receive-Job $job -Location \"$Box/many1\"").Texts);
        Assert.Equal("SessionNotFound", _engine.Run("Receive-Job $job").ErrorId);
    }

    [Fact]
    public void Piped_targets_run_at_once_in_one_job()
    {
        // Each waits for the other: one after the other they would never end.
        EngineResult result = _engine.Run(
            """
            $a = New-SandboxSession jm1 -Sandbox $Box -Environment @{ SELF = 'ja'; OTHER = 'jb' }
            $b = New-SandboxSession jm2 -Sandbox $Box -Environment @{ SELF = 'jb'; OTHER = 'ja' }
            $a, $b | Invoke-SandboxCommand 'touch $SELF; until [ -e $OTHER ]; do sleep 0.01; done; echo met' -TimeoutSeconds 20 -AsJob | Receive-Job -Wait -AutoRemoveJob
            """);
        Assert.Equal(["met", "met"], result.Texts);
    }

    [Fact]
    public void Beyond_the_ThrottleLimit_child_jobs_have_not_started()
    {
        _ = _engine.Run(
            """
            $many = 1..3 | ForEach-Object { New-SandboxSession -Sandbox $Box }
            $job = $many | Invoke-SandboxCommand 'echo ran; until [ -e go ]; do sleep 0.01; done' -AsJob -ThrottleLimit 1
            """).Clean;
        Wait.Until(() => _engine.Run("$job.ChildJobs[0].Output.Count").Texts is ["1"], "the first runs");
        Assert.Equal(["Running", "NotStarted", "NotStarted", "True", "Running"], _engine.Run(
            "$job.ChildJobs | ForEach-Object { \"$($_.State)\" }; $null -eq $job.ChildJobs[1].PSBeginTime; \"$($job.State)\"").Texts);
        Assert.Equal(["NotStarted", "Stopped", "NotStarted"], _engine.Run("\"$($job.ChildJobs[1].State)\"; Stop-Job -Id $job.ChildJobs[1].Id; $job.ChildJobs[1, 2] | ForEach-Object { \"$($_.State)\" }").Texts);
        Assert.Equal(["Stopped", "Completed,Stopped,Completed", "ran,ran"], _engine.Run(
            """
            Invoke-SandboxCommand 'touch go' -Sandbox $Box
            "$((Wait-Job $job).State)"
            ($job.ChildJobs | ForEach-Object { "$($_.State)" }) -join ','
            (Receive-Job $job) -join ','
            Invoke-SandboxCommand 'rm go' -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void Input_is_given_to_every_target()
    {
        Assert.Equal(["pear", "apple"], Received("cat", "", "'pear', 'apple' |").Texts);
        Assert.Equal(["100000", "100000"], _engine.Run(
            "$many = 1..2 | ForEach-Object { New-SandboxSession -Sandbox $Box }; 1..100000 | Invoke-SandboxCommand 'wc -l' -Session $many -AsJob -ThrottleLimit 1 | Receive-Job -Wait -AutoRemoveJob").Texts);
        byte[] bytes = new byte[5_000_000];
        Random.Shared.NextBytes(bytes);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        Assert.Equal([$"{hash}  -", $"{hash}  -"], _engine.Run(
            """
            Invoke-SandboxCommand sha256sum -Sandbox $Box -AsJob -InputObject $Bytes | Receive-Job -Wait -AutoRemoveJob
            Invoke-SandboxCommand sha256sum -Sandbox $Box -AsJob -InputObject $Stream | Receive-Job -Wait -AutoRemoveJob
            """, ("Bytes", bytes), ("Stream", new MemoryStream(bytes))).Texts);
        Assert.Equal(["a", "stream", "b"], _engine.Run("'a', $Stream, 'b' | Invoke-SandboxCommand cat -Sandbox $Box -AsJob | Receive-Job -Wait -AutoRemoveJob", ("Stream", new MemoryStream("stream\n"u8.ToArray()))).Texts);
    }

    [Fact]
    public void A_job_is_there_before_its_input_is_read_and_ends_though_it_reads_none()
    {
        Assert.Equal(["Completed", "done"], _engine.Run(
            """
            $job = Invoke-SandboxCommand 'until [ -e has-job ]; do sleep 0.01; done; echo done' -Sandbox $Box -AsJob -InputObject $Bytes
            Invoke-SandboxCommand 'touch has-job' -Sandbox $Box
            "$((Wait-Job $job).State)"
            Receive-Job $job
            """, ("Bytes", new byte[20_000_000])).Texts);
        Assert.Equal(["Completed"], _engine.Run("\"$((Invoke-SandboxCommand 'head -c 1 > /dev/null' -Sandbox $Box -AsJob -InputObject $Stream | Wait-Job).State)\"", ("Stream", new EndlessStream())).Texts);
    }

    [Fact]
    public void A_job_is_stopped_while_its_stream_has_nothing_to_give()
    {
        using QuietStream stream = new();
        _ = _engine.Run("$job = Invoke-SandboxCommand 'read a; echo got $a; cat' -Sandbox $Box -AsJob -InputObject $Stream", ("Stream", stream)).Clean;
        Wait.Until(() => _engine.Run("$job.ChildJobs[0].Output.Count").Texts is ["1"], "the command reads");
        Assert.Equal(["Stopped", "got first"], _engine.Run("Stop-Job $job; \"$($job.State)\"; Receive-Job $job").Texts);
    }

    [Fact]
    public void A_stream_that_fails_fails_the_job_and_ends_its_command()
    {
        EngineResult result = _engine.Run("$job = Invoke-SandboxCommand 'cat > part; echo whole > whole' -Sandbox $Box -AsJob -InputObject $Stream; Receive-Job $job -Wait", ("Stream", new FailingStream()));
        Assert.Equal(("InputFailed", ErrorCategory.ReadError), (result.ErrorId, result.Error.CategoryInfo.Category));
        Assert.Equal(["Failed", "no"], _engine.Run("\"$($job.State)\"; Invoke-SandboxCommand 'test -e whole || echo no' -Sandbox $Box").Texts);
    }

    [Fact]
    public void A_job_that_waits_in_its_sessions_queue_says_for_what_and_never_runs_when_it_is_stopped()
    {
        _ = _engine.Run(
            $"""
            $s = New-SandboxSession -Sandbox $Box
            $first = $s | Invoke-SandboxCommand 'echo begun; sleep {_mark}' -AsJob
            """).Clean;
        Wait.Until(() => _engine.Run("$first.ChildJobs[0].Output.Count").Texts is ["1"], "the first runs");
        _ = _engine.Run("$second = $s | Invoke-SandboxCommand 'touch ran-from-queue' -AsJob").Clean;
        Wait.Until(() => _engine.Run("$second.StatusMessage").Texts is [{ Length: > 0 }], "it says what it waits for");
        Assert.Equal([$"'echo begun; sleep {_mark}' runs since", "1", "Running"], _engine.Run(
            "if ($second.StatusMessage -match \"'echo.*' runs since\") { $Matches[0] }; $second.ChildJobs[0].Progress.Count; \"$($second.State)\"").Texts);
        Assert.Equal(["no"], _engine.Run("Stop-Job $second, $first; $s | Invoke-SandboxCommand 'test -e ran-from-queue || echo no'").Texts);
    }

    [Fact]
    public void A_command_that_somebody_else_stops_is_a_stopped_job()
    {
        _ = _engine.Run("$s = New-SandboxSession -Sandbox $Box; $job = $s | Invoke-SandboxCommand 'echo begun; sleep 300' -AsJob").Clean;
        Wait.Until(() => _engine.Run("$job.ChildJobs[0].Output.Count").Texts is ["1"], "it runs");
        Assert.Equal(["Stopped"], _engine.Run("$s | Remove-SandboxSession; \"$((Wait-Job $job).State)\"").Texts);
    }

    [Fact]
    public void Events_tell_each_state_and_the_end_of_stopping()
    {
        Job2 job = (Job2)_engine.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob; $job").One;
        List<JobState> states = [];
        using ManualResetEventSlim stopped = new();
        AsyncCompletedEventArgs? told = null;
        job.StateChanged += (_, e) => states.Add(e.JobStateInfo.State);
        job.StopJobCompleted += (_, e) =>
        {
            told = e;
            stopped.Set();
        };
        job.StopJobAsync();
        Assert.True(stopped.Wait(Wait.Limit), "nobody told of the end");
        Assert.Null(told!.Error);
        Assert.Equal([JobState.Stopped], states);
        Assert.True(job.Finished.WaitOne(Wait.Limit));
        Assert.Throws<InvalidJobStateException>(job.StartJob);
        Assert.Throws<PSNotSupportedException>(job.SuspendJob);
    }

    [Fact]
    public void Removal_by_one_who_is_told_of_the_end_does_not_hang()
    {
        Job2 job = (Job2)_engine.Run("$job = Invoke-SandboxCommand 'until [ -e told ]; do sleep 0.01; done' -Sandbox $Box -AsJob; $job").One;
        using ManualResetEventSlim removed = new();
        job.StateChanged += (_, _) =>
        {
            job.Dispose();
            removed.Set();
        };
        _ = _engine.Run("Invoke-SandboxCommand 'touch told' -Sandbox $Box").Clean;
        Assert.True(removed.Wait(Wait.Limit), "it hangs");
    }

    [Fact]
    public void The_end_of_the_engine_ends_its_jobs()
    {
        using (Engine busy = new())
        {
            _ = busy.Run($"$job = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -AsJob", ("Box", fixture.Box)).Clean;
            Wait.Until(() => !IsGone(), "the command runs");
        }

        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void ErrorAction_Stop_ends_the_command_at_the_first_error()
    {
        EngineResult result = Received($"'echo bad >&2; sleep {_mark}' -StandardError Error -ErrorAction Stop");
        Assert.Equal("StandardErrorLine", result.ErrorId);
        Assert.Equal(["Failed"], _engine.Run("\"$($job.State)\"").Texts);
        Wait.Until(IsGone, "the command is gone");
    }

    [Fact]
    public void WhatIf_makes_no_job_and_an_empty_pipeline_neither() =>
        Assert.Equal(["0"], _engine.Run("@(Invoke-SandboxCommand true -Sandbox $Box -AsJob -WhatIf; @() | Invoke-SandboxCommand true -AsJob).Count").Texts);

    [Fact]
    public void Wait_Job_Any_returns_the_first_that_ends() =>
        Assert.Equal(["quick"], _engine.Run(
            $"""
            $slow = Invoke-SandboxCommand 'sleep {_mark}' -Sandbox $Box -JobName slow
            $quick = Invoke-SandboxCommand true -Sandbox $Box -JobName quick
            (Wait-Job $slow, $quick -Any).Name
            Remove-Job $slow, $quick -Force
            """).Texts);

    [Fact]
    public void The_shell_has_the_job_cmdlets_and_ends_its_jobs()
    {
        using SandboxHome home = new();
        Assert.Equal("hello\nCompleted\n", PowerShellProcess.Run(home, "$job = Invoke-SandboxCommand 'echo hello' -AsJob; $job | Receive-Job -Wait; \"$($job.State)\""));
        PowerShellProcess.Run(home, $"$job = Invoke-SandboxCommand 'touch /workspace/begun; sleep {_mark}; touch /workspace/ended' -AsJob; while ((Invoke-SandboxCommand 'test -e begun; echo $?') -ne 0) {{ }}");
        Assert.Equal("0\n", PowerShellProcess.Run(home, $"Invoke-SandboxCommand 'until ! pgrep -f \"^sleep {_mark}\" > /dev/null; do sleep 0.05; done; echo 0' -TimeoutSeconds 20"));
    }

    private EngineResult Received(string command, string receive = "", string input = "") =>
        _engine.Run($"$job = {input} Invoke-SandboxCommand {command} -Sandbox $Box -AsJob | Wait-Job; $job | Receive-Job {receive}");

    // The sandbox's own view: a process that only the host still had would be a leak too, but not this test's.
    private bool IsGone() => _engine.Run("Invoke-SandboxCommand $Look -Sandbox $Box -StandardError Null", (
        "Look", $"for f in /proc/[0-9]*/cmdline; do [ \"$(tr '\\0' ' ' < $f)\" = 'sleep {_mark} ' ] && echo there; done; true")).Texts is [];
}

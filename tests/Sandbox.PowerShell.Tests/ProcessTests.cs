using System.Management.Automation;

namespace Sandbox.Tests;

/// <summary>Processes in the background, end to end.</summary>
public sealed class ProcessTests(SandboxFixture fixture) : IClassFixture<SandboxFixture>
{
    private readonly Engine _engine = fixture.Engine;

    [Fact]
    public void A_web_server_is_started_waited_for_used_from_every_session_and_stopped_with_all_it_started()
    {
        Assert.Equal(["Running", "served", "True", "Exited TERM", "gone"], _engine.Run(
            """
            $s = New-SandboxSession web -Sandbox $Box -WorkingDirectory /workspace/site
            $s | Invoke-SandboxCommand 'echo served > index.txt'
            $p = $s | Start-SandboxProcess 'python3 -m http.server 8070'
            $ready = $p | Wait-SandboxProcess -Port 8070 -HttpPath /index.txt -TimeoutSeconds 30
            "$($ready.State)"
            $fetch = 'python3 -c "import urllib.request; print(urllib.request.urlopen(''http://localhost:8070/index.txt'').read().decode().strip())"'
            Invoke-SandboxCommand $fetch -Sandbox $Box
            $line = $p | Wait-SandboxProcess -Pattern 'GET /index.txt' -TimeoutSeconds 30
            $line.MatchedLine -like '*GET /index.txt*'
            $ended = $p | Stop-SandboxProcess -PassThru
            "$($ended.State) $($ended.Signal)"
            Invoke-SandboxCommand "$fetch 2>/dev/null || echo gone" -Sandbox $Box
            """).Texts);
    }

    [Fact]
    public void A_process_is_found_by_id_by_pattern_by_session_and_from_another_shell()
    {
        Assert.Equal(["found-1", "found-1", "found-1,found-2", "found-2", "found-1", "True"], _engine.Run(
            """
            $s = New-SandboxSession finder -Sandbox $Box
            $null = Start-SandboxProcess 'sleep 600' -Id found-1 -Sandbox $Box
            $null = $s | Start-SandboxProcess 'sleep 600' -Id found-2
            (Get-SandboxProcess found-1 -Sandbox $Box).Id
            (Get-SandboxProcess "$($Box.Id)/found-1").Id
            ($Box | Get-SandboxProcess found-* | ForEach-Object Id) -join ','
            ($s | Get-SandboxProcess).Id
            (Get-SandboxProcess found-1 -Sandbox $Box | Get-SandboxProcess).Id
            (Get-SandboxProcess found-1 -Sandbox $Box -State Exited) -eq $null
            """).Texts);
        Assert.Equal(["found-1"], new Engine().Run("(Get-SandboxProcess found-1 -Sandbox $Id).Id", ("Id", fixture.Id)).Texts);
        Assert.Empty(_engine.Run("$Box | Stop-SandboxProcess -All -Force; $Box | Get-SandboxProcess -State Running").Texts);
    }

    [Fact]
    public void Output_comes_as_lines_of_either_stream_the_last_of_them_or_as_one_string_and_goes_on_on_request()
    {
        Assert.Equal(
            ["1|2|err", "err", "1|2", "2|err", "", "1\n2\n", "1|2|err|3"], _engine.Run(
            """
            $p = Start-SandboxProcess 'echo 1; echo 2; sleep 0.1; echo err >&2; while [ ! -e go-on ]; do sleep 0.02; done; echo 3' -Sandbox $Box
            $null = $p | Wait-SandboxProcess -Pattern '^err$' -TimeoutSeconds 30
            ($p | Get-SandboxProcessOutput) -join '|'
            ($p | Get-SandboxProcessOutput -Stream Error) -join '|'
            ($p | Get-SandboxProcessOutput -Stream Output) -join '|'
            ($p | Get-SandboxProcessOutput -Tail 2) -join '|'
            ($p | Get-SandboxProcessOutput -Tail 0) -join '|'
            $p | Get-SandboxProcessOutput -Raw -Stream Output
            Invoke-SandboxCommand 'touch go-on' -Sandbox $Box
            ($p | Get-SandboxProcessOutput -Wait) -join '|'
            """).Texts);
    }

    [Fact]
    public void The_tail_of_a_running_process_is_followed_without_losing_a_line()
    {
        Assert.Equal(["98", "99", "100", .. Enumerable.Range(101, 50).Select(number => $"{number}")], _engine.Run(
            """
            $p = Start-SandboxProcess 'seq 1 100; while [ ! -e tail-on ]; do sleep 0.02; done; seq 101 150' -Sandbox $Box
            $null = $p | Wait-SandboxProcess -Pattern '^100$' -TimeoutSeconds 30
            $p | Get-SandboxProcessOutput -Tail 3 -Wait | ForEach-Object { if ($_ -eq '100') { $null = Invoke-SandboxCommand 'touch tail-on' -Sandbox $Box }; $_ }
            """).Texts);
    }

    [Fact]
    public void Two_processes_are_followed_at_once()
    {
        // Each goes on only when the other has spoken.
        EngineResult result = _engine.Run(
            """
            $a = Start-SandboxProcess 'echo a1; touch a1; while [ ! -e b1 ]; do sleep 0.02; done; echo a2' -Sandbox $Box
            $b = Start-SandboxProcess 'while [ ! -e a1 ]; do sleep 0.02; done; echo b1; touch b1' -Sandbox $Box
            $a, $b | Get-SandboxProcessOutput -Wait
            """);
        Assert.Equal(["a1", "a2", "b1"], result.Clean.Output.Select(item => item.ToString()!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_past_commands_output_is_read_again()
    {
        Assert.Equal(["Command Exited 4", "once|more", "True"], _engine.Run(
            """
            $r = Invoke-SandboxCommand 'echo once; echo more; exit 4' -Sandbox $Box -AsResult
            $c = $Box | Get-SandboxProcess -IncludeCommand | Where-Object Id -eq $r.ProcessId
            "$($c.Kind) $($c.State) $($c.ExitCode)"
            ($c | Get-SandboxProcessOutput) -join '|'
            ($Box | Get-SandboxProcess | Where-Object Id -eq $r.ProcessId) -eq $null
            """).Texts);
    }

    [Fact]
    public void A_wait_ends_when_the_process_does_and_emits_it_as_it_is_then()
    {
        Assert.Equal(["Exited 5", "True"], _engine.Run(
            """
            $p = Start-SandboxProcess 'sleep 0.1; exit 5' -Sandbox $Box | Wait-SandboxProcess
            "$($p.State) $($p.ExitCode)"
            $p.EndedAt -ge $p.StartedAt
            """).Texts);
    }

    [Fact]
    public void With_Any_the_first_of_several_is_enough()
    {
        Assert.Equal(["quick"], _engine.Run(
            """
            $slow = Start-SandboxProcess 'sleep 600' -Id slow -Sandbox $Box
            $quick = Start-SandboxProcess 'true' -Id quick -Sandbox $Box
            ($slow, $quick | Wait-SandboxProcess -Any).Id
            $slow | Stop-SandboxProcess -Force
            """).Texts);
    }

    [Theory]
    [InlineData("-Port 8071", "port 8071 was served")]
    [InlineData("-Pattern 'never'", "it printed a line like 'never'")]
    public void A_wait_whose_process_ends_first_is_an_error_with_its_last_lines_and_still_emits_it(string condition, string named)
    {
        EngineResult result = _engine.Run($"Start-SandboxProcess 'echo last words; exit 6' -Sandbox $Box | Wait-SandboxProcess {condition}");
        Assert.Equal("ProcessEnded", result.ErrorId);
        Assert.Contains(named, result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("exit code 6", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("last words", result.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(6, Assert.Single(result.Output).Properties["ExitCode"].Value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-Port 8072")]
    [InlineData("-Pattern never")]
    public void A_wait_whose_time_is_over_is_an_error_and_the_process_goes_on(string condition)
    {
        EngineResult result = _engine.Run($"$p = Start-SandboxProcess 'sleep 600' -Sandbox $Box; $p | Wait-SandboxProcess {condition} -TimeoutSeconds 0.2; ($p | Get-SandboxProcess).State; $p | Stop-SandboxProcess -Force");
        Assert.Equal("WaitTimedOut", result.ErrorId);
        Assert.Equal("Running", result.Output[0].Properties["State"].Value.ToString());
        Assert.Equal("Running", result.Output[1].ToString());
    }

    [Fact]
    public void A_wait_that_is_stopped_leaves_the_process_running()
    {
        _ = _engine.Run("$null = Start-SandboxProcess 'sleep 600' -Id waited -Sandbox $Box").Clean;
        using Engine other = new();
        using PowerShell shell = other.Prepare("'begun'; Get-SandboxProcess waited -Sandbox $Box | Wait-SandboxProcess", ("Box", fixture.Box));
        PSDataCollection<PSObject> output = [];
        shell.BeginInvoke<PSObject, PSObject>(null, output);
        Wait.Until(() => output.Count == 1, "it waits");
        shell.Stop();
        Assert.Equal(["Running"], _engine.Run("(Get-SandboxProcess waited -Sandbox $Box).State; Stop-SandboxProcess waited -Sandbox $Box -Force").Texts);
    }

    [Fact]
    public void Input_is_sent_line_by_line_by_position_or_from_the_pipeline_and_ended()
    {
        Assert.Equal(["got one", "got two", "got three", "got four", "end"], _engine.Run(
            """
            $p = Start-SandboxProcess 'while read line; do echo got $line; done; echo end' -OpenInput -Sandbox $Box
            $p | Send-SandboxProcessInput one
            'two', 'three' | Send-SandboxProcessInput -Process $p
            Send-SandboxProcessInput ([byte[]](102, 111, 117, 114, 10)) -Process $p -End
            $p | Get-SandboxProcessOutput -Wait
            """).Texts);
    }

    [Fact]
    public void A_process_has_its_own_variables_directory_program_and_time_limit()
    {
        Assert.Equal(["/tmp v a b", "TERM True"], _engine.Run(
            """
            $p = Start-SandboxProcess -FilePath sh -ArgumentList '-c', 'echo $PWD $V "$@"', 'sh', 'a b' -WorkingDirectory /tmp -Environment @{ V = 'v' } -Sandbox $Box
            $p | Get-SandboxProcessOutput -Wait
            $limited = Start-SandboxProcess 'sleep 600' -TimeoutSeconds 0.2 -Sandbox $Box | Wait-SandboxProcess
            "$($limited.Signal) $($limited.TimedOut)"
            """).Texts);
    }

    [Theory]
    [InlineData("Get-SandboxProcess unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("Stop-SandboxProcess unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("Wait-SandboxProcess unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("Get-SandboxProcessOutput unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("Remove-SandboxProcess unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("Send-SandboxProcessInput x -Process unknown -Sandbox $Box", "ProcessNotFound")]
    [InlineData("$ended | Stop-SandboxProcess", "ProcessEnded")]
    [InlineData("$ended | Send-SandboxProcessInput x", "ProcessEnded")]
    [InlineData("$running | Remove-SandboxProcess", "ProcessRunning")]
    [InlineData("$running | Stop-SandboxProcess -Signal NOPE", "InvalidRequest")]
    [InlineData("$running | Stop-SandboxProcess -Signal HUP -Force", "InvalidArgument")]
    [InlineData("$running | Send-SandboxProcessInput x", "InvalidRequest")]
    [InlineData("$running | Wait-SandboxProcess -Port 0", "ParameterArgumentValidationError")]
    [InlineData("$running | Wait-SandboxProcess -Port 70000", "ParameterArgumentValidationError")]
    [InlineData("$running | Wait-SandboxProcess -Pattern '['", "InvalidArgument")]
    [InlineData("$running | Wait-SandboxProcess -HttpPath /", "InvalidArgument")]
    [InlineData("$running | Wait-SandboxProcess -Port 80 -Pattern x", "InvalidArgument")]
    [InlineData("Start-SandboxProcess true -Id bad-input -Sandbox $Box", "ProcessExists")]
    [InlineData("Start-SandboxProcess true -Id ../x -Sandbox $Box", "InvalidRequest")]
    [InlineData("Start-SandboxProcess true -WorkingDirectory /nowhere -Sandbox $Box", "WorkingDirectoryNotFound")]
    [InlineData("Start-SandboxProcess true -Session nowhere -Sandbox $Box", "SessionNotFound")]
    [InlineData("$running | Get-SandboxProcessOutput -Raw -Tail 1", "InvalidArgument")]
    public void Bad_input_has_clear_errors(string script, string id)
    {
        _ = _engine.Run(
            """
            if (-not $running) {
                $running = Start-SandboxProcess 'sleep 600' -Id bad-input -Sandbox $Box
                $ended = Start-SandboxProcess true -Sandbox $Box | Wait-SandboxProcess
            }
            """).Clean;
        EngineResult result = _engine.Run(script);
        Assert.Equal((id, 0), (result.ErrorId, result.Output.Count));
    }

    [Fact]
    public void Ended_ones_are_removed_and_with_Force_running_ones_too_and_WhatIf_does_nothing()
    {
        Assert.Equal(["2", "1", "0"], _engine.Run(
            """
            $null = Start-SandboxProcess 'sleep 600' -Id rm-1 -Sandbox $Box
            $null = Start-SandboxProcess true -Id rm-2 -Sandbox $Box | Wait-SandboxProcess
            $Box | Remove-SandboxProcess rm-* -WhatIf
            @($Box | Get-SandboxProcess rm-*).Count
            Remove-SandboxProcess rm-* -Sandbox $Box
            @($Box | Get-SandboxProcess rm-*).Count
            Remove-SandboxProcess rm-* -Sandbox $Box -Force
            @($Box | Get-SandboxProcess rm-*).Count
            """).Texts);
    }

    [Fact]
    public void Objects_of_another_process_bind_and_a_session_is_not_taken_for_a_process()
    {
        PSObject copy = (PSObject)PSSerializer.Deserialize(PSSerializer.Serialize(_engine.Run("Start-SandboxProcess 'sleep 600' -Id copied -Sandbox $Box").Clean.Output[0]));
        Assert.Equal(["copied", "copied", "Exited"], _engine.Run(
            "($Copy | Get-SandboxProcess).Id; ([pscustomobject]@{ Id = $Copy.Id; SandboxId = $Copy.SandboxId } | Get-SandboxProcess).Id; ($Copy | Stop-SandboxProcess -Force -PassThru).State", ("Copy", copy)).Texts);
        EngineResult wrong = _engine.Run("$s = New-SandboxSession wrong-kind -Sandbox $Box; $s | Stop-SandboxProcess; $Copy | Remove-SandboxSession", ("Copy", copy));
        Assert.Equal(2, wrong.Errors.Count);
    }
}

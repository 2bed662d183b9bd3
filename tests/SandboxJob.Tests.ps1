#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxJob' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory "$(New-Guid)"
    }

    AfterEach {
        Get-Job | Remove-Job -Force
    }

    It 'is returned at once and found by the job cmdlets' {
        $job = $session | Invoke-SandboxCommand 'sleep 600' -AsJob -JobName build
        $job | Should -BeOfType System.Management.Automation.Job2
        $job.Name | Should -BeExactly 'build'
        $job.PSJobTypeName | Should -BeExactly 'SandboxJob'
        $job.State | Should -Be 'Running'
        $job.Location | Should -BeExactly "$session"
        $job.Command | Should -BeExactly 'sleep 600'
        $job.HasMoreData | Should -BeTrue
        $job.PSBeginTime | Should -Not -BeNullOrEmpty
        Get-Job -Name build | Should -Be $job
        Get-Job -Name 'bui*' | Should -Be $job
        Get-Job -Id $job.Id | Should -Be $job
        Get-Job -InstanceId $job.InstanceId | Should -Be $job
        Get-Job -State Running | Should -Be $job
        Get-Job -Command 'sleep 6*' | Should -Be $job
        Get-Job -Filter @{ Name = 'build' } | Should -Be $job
        Get-Job -Id $job.ChildJobs[0].Id | Should -Be $job.ChildJobs[0]
        Get-Job -IncludeChildJob | Where-Object Id -EQ $job.ChildJobs[0].Id | Should -HaveCount 1
    }

    It 'can be created by -JobName alone, and has a generated name otherwise' {
        (Invoke-SandboxCommand true -Session $session -JobName named).Name | Should -BeExactly 'named'
        $job = Invoke-SandboxCommand true -Session $session -AsJob
        $job.Name | Should -BeExactly "Job$($job.Id)"
    }

    It 'returns the output of the command' {
        $session | Invoke-SandboxCommand 'printf "one\ntwo\nhalf"' -AsJob | Receive-Job -Wait | Should -Be 'one', 'two', 'half'
        $session | Invoke-SandboxCommand 'printf "one\r\n\ntwo"' -Raw -AsJob | Receive-Job -Wait | Should -BeExactly "one`r`n`ntwo"
        $bytes = [byte[]]($session | Invoke-SandboxCommand 'printf "a\377b"' -AsByteStream -AsJob | Receive-Job -Wait | ForEach-Object { $_ })
        [Convert]::ToHexString($bytes) | Should -BeExactly '61FF62'
        $session | Invoke-SandboxCommand 'echo a' -Prefix -AsJob | Receive-Job -Wait | Should -BeExactly "[$session] a"
        $result = $session | Invoke-SandboxCommand 'echo out; echo err >&2; exit 3' -AsResult -AsJob | Receive-Job -Wait
        $result.ExitCode | Should -Be 3
        $result.StandardOutput | Should -BeExactly "out`n"
        $result.StandardError | Should -BeExactly "err`n"
        $result.SandboxId | Should -BeExactly $box.Id
    }

    It 'shows standard error like the command' {
        $command = 'echo out; echo err >&2'
        $session | Invoke-SandboxCommand $command -AsJob | Receive-Job -Wait -InformationVariable shown -InformationAction SilentlyContinue |
            Should -BeExactly 'out'
        "$shown" | Should -BeExactly 'err'
        $shown.Tags | Should -Be 'PSHOST', 'StandardError'
        $session | Invoke-SandboxCommand $command -StandardError Output -AsJob | Receive-Job -Wait | Sort-Object | Should -Be 'err', 'out'
        $session | Invoke-SandboxCommand $command -StandardError Null -AsJob | Receive-Job -Wait -InformationVariable nothing | Should -Be 'out'
        $nothing | Should -BeNullOrEmpty
    }

    It 'can have standard error as errors and is completed' {
        $job = $session | Invoke-SandboxCommand 'echo err >&2' -StandardError Error -AsJob | Wait-Job
        $problem = { $job | Receive-Job } | Should -Throw -ErrorId 'StandardErrorLine*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'FromStdErr'
        $problem.Exception.Message | Should -BeExactly 'err'
        $job.State | Should -Be 'Completed'
    }

    It 'has warnings and verbose lines' {
        $job = $session | Invoke-SandboxCommand 'printf 1234567890' -Raw -OutputLimit 4 -AsJob | Wait-Job
        $all = $job | Receive-Job -Verbose -WarningVariable warned -WarningAction SilentlyContinue 4>&1
        $all | Where-Object { $_ -is [string] } | Should -BeExactly '1234'
        "$warned" | Should -BeLike '*more than 4 bytes*'
        $all | Where-Object { $_ -is [Management.Automation.VerboseRecord] -and $_.Message -like "*/sandbox/$($box.Id)/exec*" } | Should -Not -BeNullOrEmpty
    }

    It 'is completed with any exit code unless that is an error' {
        $job = $session | Invoke-SandboxCommand 'echo out; exit 7' -AsJob
        $job | Receive-Job -Wait | Should -BeExactly 'out'
        $job.State | Should -Be 'Completed'
        $job.ChildJobs[0].ExitCode | Should -Be 7
        $failed = $session | Invoke-SandboxCommand 'exit 7' -ErrorOnNonZeroExit -AsJob | Wait-Job
        $failed.State | Should -Be 'Failed'
        $failed.ChildJobs[0].ExitCode | Should -Be 7
        { $failed | Receive-Job } | Should -Throw -ErrorId 'CommandExitedNonZero*'
        $PSNativeCommandUseErrorActionPreference = $true
        ($session | Invoke-SandboxCommand 'exit 7' -AsJob | Wait-Job).State | Should -Be 'Failed'
    }

    It 'fails by its timeout and keeps the output' {
        $job = $session | Invoke-SandboxCommand 'echo begun; sleep 600' -TimeoutSeconds 2 -AsJob | Wait-Job
        $job.State | Should -Be 'Failed'
        $job.StatusMessage | Should -BeLike '*timed out*'
        $job | Receive-Job -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeExactly 'begun'
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'CommandTimedOut*'
    }

    It 'is completed by its timeout with -AsResult' {
        $job = $session | Invoke-SandboxCommand 'sleep 600' -TimeoutSeconds 0.2 -AsResult -AsJob | Wait-Job
        $job.State | Should -Be 'Completed'
        ($job | Receive-Job).TimedOut | Should -BeTrue
    }

    It 'fails with the usual error when its target does not exist' {
        $job = Invoke-SandboxCommand true -Session nosuch -Sandbox $box -AsJob | Wait-Job
        $job.State | Should -Be 'Failed'
        $problem = { $job | Receive-Job } | Should -Throw -ErrorId 'SessionNotFound*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }

    It 'does not change $LASTEXITCODE' {
        $global:LASTEXITCODE = 5
        $session | Invoke-SandboxCommand 'exit 3' -AsJob | Receive-Job -Wait
        $LASTEXITCODE | Should -Be 5
    }

    It 'keeps its output with -Keep' {
        $job = $session | Invoke-SandboxCommand 'echo a' -AsJob | Wait-Job
        $job | Receive-Job -Keep | Should -BeExactly 'a'
        $job | Receive-Job | Should -BeExactly 'a'
        $job.HasMoreData | Should -BeFalse
        $job | Receive-Job | Should -BeNullOrEmpty
    }

    It 'can be received while it runs, and is removed with -AutoRemoveJob' {
        # The second line is printed only after the first was received.
        $job = $session | Invoke-SandboxCommand 'echo first; until [ -e seen ]; do sleep 0.01; done; echo second' -AsJob
        $job | Receive-Job -Wait -AutoRemoveJob | ForEach-Object {
            $_
            if ($_ -eq 'first') { Invoke-SandboxCommand 'touch seen' -Sandbox $box -WorkingDirectory $session.WorkingDirectory }
        } | Should -Be 'first', 'second'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'can be stopped with its command, and the session stays usable' {
        $job = $session | Invoke-SandboxCommand 'kept=job; echo begun; sleep 600' -AsJob
        Wait-Until { $job.ChildJobs[0].Output.Count -gt 0 } 'the command runs'
        ($job | Stop-Job -PassThru).State | Should -Be 'Stopped'
        $job.ChildJobs[0].State | Should -Be 'Stopped'
        $job | Receive-Job | Should -BeExactly 'begun'
        $session | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly 'job'
    }

    It 'that runs is removed with -Force only' {
        $job = $session | Invoke-SandboxCommand 'sleep 600' -AsJob
        { $job | Remove-Job } | Should -Throw
        Get-Job | Should -Be $job
        $job | Remove-Job -Force
        Get-Job | Should -BeNullOrEmpty
        $session | Invoke-SandboxCommand 'echo usable' | Should -BeExactly 'usable'
    }

    It 'of one target cannot be removed alone' {
        $job = $session | Invoke-SandboxCommand 'echo whole' -AsJob | Wait-Job
        { Remove-Job -Id $job.ChildJobs[0].Id } | Should -Throw
        $job | Receive-Job -AutoRemoveJob -Wait | Should -BeExactly 'whole'
    }

    It 'has a child for each target and fails when one fails' {
        $job = Invoke-SandboxCommand 'echo here' -Session $session.Id, nosuch -Sandbox $box -AsJob | Wait-Job
        $job.State | Should -Be 'Failed'
        $job.ChildJobs.State | Should -Be 'Completed', 'Failed'
        $job.Location | Should -BeExactly "$session,$box/nosuch"
        $job.ChildJobs[0].Location | Should -BeExactly "$session"
        Receive-Job -Job $job -Location "$session" | Should -BeExactly 'here'
        { Receive-Job -Job $job } | Should -Throw -ErrorId 'SessionNotFound*'
    }

    It 'runs in all targets concurrently' {
        # Each waits for the others: run sequentially they would hang.
        @{ SELF = 'a'; OTHER = 'b' }, @{ SELF = 'b'; OTHER = 'a' } |
            ForEach-Object { $box | New-SandboxSession -WorkingDirectory $session.WorkingDirectory -Environment $_ } |
            Invoke-SandboxCommand 'touch $SELF; until [ -e $OTHER ]; do sleep 0.01; done; echo met' -AsJob |
            Receive-Job -Wait | Should -Be 'met', 'met'
    }

    It 'passes all its input to every target' {
        $many = 1..2 | ForEach-Object { $box | New-SandboxSession }
        1..50000 | Invoke-SandboxCommand 'wc -l' -Session $many -AsJob -ThrottleLimit 1 | Receive-Job -Wait | Should -Be '50000', '50000'
    }

    It 'can have text, bytes and streams as input' {
        'pear', 'apple' | Invoke-SandboxCommand sort -Session $session -AsJob | Receive-Job -Wait | Should -Be 'apple', 'pear'
        $bytes = [byte[]]::new(5000000)
        [Random]::Shared.NextBytes($bytes)
        $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($bytes)).ToLowerInvariant()
        Invoke-SandboxCommand sha256sum -Session $session -AsJob -InputObject $bytes | Receive-Job -Wait | Should -BeExactly "$hash  -"
        Invoke-SandboxCommand sha256sum -Session $session -AsJob -InputObject ([IO.MemoryStream]::new($bytes)) | Receive-Job -Wait |
            Should -BeExactly "$hash  -"
        'a', [IO.MemoryStream]::new([Text.Encoding]::UTF8.GetBytes("stream`n")), 'b' | Invoke-SandboxCommand cat -Session $session -AsJob | Receive-Job -Wait |
            Should -Be 'a', 'stream', 'b'
    }

    It 'is returned before its input is read, and ends when none is read' {
        $job = Invoke-SandboxCommand 'until [ -e has-job ]; do sleep 0.01; done; echo done' -Session $session -AsJob -InputObject ([byte[]]::new(20000000))
        Invoke-SandboxCommand 'touch has-job' -Sandbox $box -WorkingDirectory $session.WorkingDirectory
        $job | Receive-Job -Wait | Should -BeExactly 'done'
        $job.State | Should -Be 'Completed'
    }

    It 'is stopped when its session is removed' {
        $job = $session | Invoke-SandboxCommand 'echo begun; sleep 600' -AsJob
        Wait-Until { $job.ChildJobs[0].Output.Count -gt 0 } 'the command runs'
        $session | Remove-SandboxSession
        ($job | Wait-Job).State | Should -Be 'Stopped'
    }

    It 'can be waited for with Wait-Job -Any' {
        $slow = $session | Invoke-SandboxCommand 'sleep 600' -JobName slow
        $quick = $box | Invoke-SandboxCommand true -JobName quick
        (Wait-Job -Job $slow, $quick -Any).Name | Should -BeExactly 'quick'
    }

    It 'is not created with -WhatIf or by an empty pipeline' {
        $session | Invoke-SandboxCommand true -AsJob -WhatIf | Should -BeNullOrEmpty
        @() | Invoke-SandboxCommand true -AsJob | Should -BeNullOrEmpty
        Get-Job | Should -BeNullOrEmpty
    }
}

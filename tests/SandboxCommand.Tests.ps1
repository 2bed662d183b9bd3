#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxCommand' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $session = $box | New-SandboxSession -Id main
    }

    AfterAll {
        Remove-TestHome
    }

    It 'writes lines and sets $LASTEXITCODE' {
        $session | Invoke-SandboxCommand 'echo one; echo two; exit 3' | Should -Be 'one', 'two'
        $LASTEXITCODE | Should -Be 3
    }

    It 'gives one object with -AsResult' {
        $result = $session | Invoke-SandboxCommand 'echo out; echo err >&2; exit 4' -AsResult
        $result.ExitCode | Should -Be 4
        $result.Success | Should -BeFalse
        $result.StandardOutput | Should -BeExactly "out`n"
        $result.StandardError | Should -BeExactly "err`n"
        $result.SessionId | Should -BeExactly 'main'
        $result.SandboxId | Should -BeExactly $box.Id
    }

    It 'gives the text as it is with -Raw' {
        $session | Invoke-SandboxCommand 'printf "a\nb"' -Raw | Should -BeExactly "a`nb"
    }

    It 'shows standard error without disturbing a script, or puts it elsewhere' {
        $ErrorActionPreference = 'Stop'
        $session | Invoke-SandboxCommand 'echo warned >&2; echo out' -InformationVariable shown -InformationAction SilentlyContinue | Should -BeExactly 'out'
        "$shown" | Should -BeExactly 'warned'
        $session | Invoke-SandboxCommand 'echo warned >&2' -StandardError Output | Should -BeExactly 'warned'
        $session | Invoke-SandboxCommand 'echo warned >&2' -StandardError Null | Should -BeNullOrEmpty
        { $session | Invoke-SandboxCommand 'echo warned >&2' -StandardError Error } | Should -Throw
    }

    It 'takes its input from the pipeline' {
        'pear', 'apple' | Invoke-SandboxCommand sort -Session $session | Should -Be 'apple', 'pear'
        '{ "name": "fig" }' | Invoke-SandboxCommand cat -Session $session | ConvertFrom-Json | ForEach-Object name | Should -BeExactly 'fig'
    }

    It 'is stopped by a time limit; output and session stay' {
        $result = $session | Invoke-SandboxCommand 'kept=yes; echo started; sleep 60' -TimeoutSeconds 0.5 -AsResult
        $result.TimedOut | Should -BeTrue
        $result.StandardOutput | Should -BeExactly "started`n"
        $session | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly 'yes'
        { $session | Invoke-SandboxCommand 'sleep 60' -TimeoutSeconds 0.5 -ErrorAction Stop } |
            Should -Throw -ErrorId 'CommandTimedOut,Sandbox.Commands.InvokeSandboxCommandCommand'
    }

    It 'is stopped when the pipeline has had enough' {
        $session | Invoke-SandboxCommand 'while true; do echo more; done' | Select-Object -First 2 | Should -Be 'more', 'more'
        $session | Invoke-SandboxCommand 'echo usable' | Should -BeExactly 'usable'
    }

    It 'has variables and a directory of its own' {
        $session | Invoke-SandboxCommand 'echo "$ONCE $PWD"' -Environment @{ ONCE = 1 } -WorkingDirectory /tmp | Should -BeExactly '1 /tmp'
        $session | Invoke-SandboxCommand 'echo "[$ONCE]"' | Should -BeExactly '[]'
    }

    It 'runs in all sessions that are piped' {
        $many = 1..3 | ForEach-Object { $box | New-SandboxSession }
        $many | Invoke-SandboxCommand 'echo here' | Should -HaveCount 3
    }

    It 'refuses a target that is null, and one that is given twice' {
        { $null | Invoke-SandboxCommand true -ErrorAction Stop } | Should -Throw
        { Invoke-SandboxCommand true -Session $null -ErrorAction Stop } | Should -Throw
        { $session | Invoke-SandboxCommand true -Session $session -ErrorAction Stop } |
            Should -Throw -ErrorId 'TargetGivenTwice,Sandbox.Commands.InvokeSandboxCommandCommand'
    }

    It 'is an error when it fails, if the preference says so' {
        $PSNativeCommandUseErrorActionPreference = $true
        { $session | Invoke-SandboxCommand 'exit 5' -ErrorAction Stop } |
            Should -Throw -ErrorId 'CommandExitedNonZero,Sandbox.Commands.InvokeSandboxCommandCommand'
    }

    It 'runs as a job, which is received' {
        $job = $session | Invoke-SandboxCommand 'echo out; echo warned >&2; exit 3' -AsJob -JobName built
        $job.Name | Should -BeExactly 'built'
        $job | Receive-Job -Wait -InformationVariable shown -InformationAction SilentlyContinue | Should -BeExactly 'out'
        "$shown" | Should -BeExactly 'warned'
        $job.State | Should -Be 'Completed'
        $job.ChildJobs[0].ExitCode | Should -Be 3
        $job | Remove-Job
        Get-Job | Should -BeNullOrEmpty
    }

    It 'has a child job for each target, and fails when one fails' {
        $job = Invoke-SandboxCommand 'echo here' -Session main, nosuch -Sandbox $box -AsJob | Wait-Job
        $job.State | Should -Be 'Failed'
        $job.ChildJobs.State | Should -Be 'Completed', 'Failed'
        { $job | Receive-Job -AutoRemoveJob -Wait -ErrorAction Stop } | Should -Throw
        Get-Job | Remove-Job
    }

    It 'is stopped with its job' {
        $job = $session | Invoke-SandboxCommand 'kept=job; echo begun; sleep 600' -AsJob
        while ($job.ChildJobs[0].Output.Count -eq 0) { Start-Sleep -Milliseconds 10 }
        $job | Stop-Job -PassThru | ForEach-Object State | Should -Be 'Stopped'
        $job | Remove-Job
        $session | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly 'job'
        $session | Invoke-SandboxCommand 'sleep 600' -AsJob | Remove-Job -Force
        Get-Job | Should -BeNullOrEmpty
    }

    It 'gives a job its input' {
        'pear', 'apple' | Invoke-SandboxCommand sort -Session $session -AsJob | Receive-Job -Wait -AutoRemoveJob | Should -Be 'apple', 'pear'
    }

    It 'works under strict mode' {
        Set-StrictMode -Version Latest
        $session | Invoke-SandboxCommand 'echo strict' | Should -BeExactly 'strict'
    }
}

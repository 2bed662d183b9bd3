#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxSession' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    It 'is made with id, directory, variables and time limit' {
        $session = New-SandboxSession -Id full -Sandbox $box -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build'; SKIPPED = $null } -CommandTimeoutSeconds 60
        $session.Id | Should -BeExactly 'full'
        $session.SandboxId | Should -BeExactly $box.Id
        $session.WorkingDirectory | Should -BeExactly '/workspace/app'
        $session.CommandTimeoutSeconds | Should -Be 60
        "$session" | Should -BeExactly "$($box.Id)/full"
        $session | Invoke-SandboxCommand 'echo "$STAGE ${SKIPPED-unset} $PWD"' | Should -BeExactly 'build unset /workspace/app'
    }

    It 'keeps its state from one command to the next' {
        $session = $box | New-SandboxSession
        $session | Invoke-SandboxCommand 'cd /tmp; kept=1; greet() { echo "hello $1"; }'
        $session | Invoke-SandboxCommand 'greet $kept; pwd' | Should -Be 'hello 1', '/tmp'
    }

    It 'shares the files of its sandbox with the others, and nothing else' {
        $one, $other = 1..2 | ForEach-Object { $box | New-SandboxSession }
        $one | Invoke-SandboxCommand 'own=1; echo shared > shared.txt'
        $other | Invoke-SandboxCommand 'cat shared.txt; echo "[$own]"' | Should -Be 'shared', '[]'
    }

    It 'is found by id, by pattern and by sandbox/session' {
        $null = New-SandboxSession -Id found -Sandbox $box
        (Get-SandboxSession -Id found -Sandbox $box).Id | Should -BeExactly 'found'
        (Get-SandboxSession -Id 'fou*' -Sandbox $box).Id | Should -BeExactly 'found'
        (Get-SandboxSession -Id "$($box.Id)/found").Id | Should -BeExactly 'found'
    }

    It 'with a taken id is an error' {
        $null = New-SandboxSession -Id taken -Sandbox $box
        { New-SandboxSession -Id taken -Sandbox $box -ErrorAction Stop } | Should -Throw -ErrorId 'SessionExists,Sandbox.Commands.NewSandboxSessionCommand'
    }

    It 'that does not exist is an error, and is not made by being mentioned' {
        { Invoke-SandboxCommand true -Session nosuch -Sandbox $box -ErrorAction Stop } | Should -Throw
        { Get-SandboxSession -Id nosuch -Sandbox $box -ErrorAction Stop } | Should -Throw -ErrorId 'SessionNotFound,Sandbox.Commands.GetSandboxSessionCommand'
    }

    It 'is removed in silence, or with a result when asked' {
        $one, $other = 1..2 | ForEach-Object { $box | New-SandboxSession }
        $one | Remove-SandboxSession | Should -BeNullOrEmpty
        $result = $other | Remove-SandboxSession -AsResult
        $result.Success | Should -BeTrue
        $result.SessionId | Should -BeExactly $other.Id
        $result.Timestamp | Should -BeGreaterThan ([DateTimeOffset]::UnixEpoch)
        Get-SandboxSession -Sandbox $box | Where-Object Id -In $one.Id, $other.Id | Should -BeNullOrEmpty
    }

    It 'can be a target after it went through a job' {
        $session = $box | New-SandboxSession
        $returned = Start-Job -ScriptBlock { $args[0] } -ArgumentList $session | Receive-Job -Wait -AutoRemoveJob
        Invoke-SandboxCommand 'echo reached' -Session $returned | Should -BeExactly 'reached'
    }
}

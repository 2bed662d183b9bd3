#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxProcess' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    It 'starts with the directory and variables of its session and is found by id' {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build' }
        $process = $session | Start-SandboxProcess 'echo "$STAGE $PWD"; sleep 600' -Id started
        $process.State | Should -Be 'Running'
        ($process | Wait-SandboxProcess -Pattern '^build ').MatchedLine | Should -BeExactly 'build /workspace/app'
        (Get-SandboxProcess started -Sandbox $box).SessionId | Should -BeExactly $session.Id
        { Start-SandboxProcess true -Id started -Sandbox $box -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessExists,*'
    }

    It 'is waited for until a port is served and stopped with all it started' {
        $process = Start-SandboxProcess 'python3 -m http.server 8081 & wait' -Sandbox $box
        ($process | Wait-SandboxProcess -Port 8081 -HttpPath / -TimeoutSeconds 30).State | Should -Be 'Running'
        ($process | Stop-SandboxProcess -PassThru).State | Should -Be 'Exited'
        { $process | Stop-SandboxProcess -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessEnded,*'
    }

    It 'gives its output as lines, the last of them, and as it comes' {
        $process = Start-SandboxProcess 'seq 1 5; echo err >&2' -Sandbox $box | Wait-SandboxProcess
        $process | Get-SandboxProcessOutput -Stream Output | Should -Be '1', '2', '3', '4', '5'
        $process | Get-SandboxProcessOutput -Stream Output -Tail 2 | Should -Be '4', '5'
        $process | Get-SandboxProcessOutput -Stream Error -Wait | Should -BeExactly 'err'
        $process | Get-SandboxProcessOutput -Stream Output -Raw | Should -BeExactly "1`n2`n3`n4`n5`n"
    }

    It 'reads what it is sent' {
        $process = Start-SandboxProcess 'while read line; do echo "got $line"; done' -OpenInput -Sandbox $box
        'one', 'two' | Send-SandboxProcessInput -Process $process -End
        $process | Get-SandboxProcessOutput -Wait | Should -Be 'got one', 'got two'
    }

    It 'says with which code it ended' -ForEach @(
        @{ Command = 'exit 7'; Code = 7 }
        @{ Command = 'exec sh -c "exit 8"'; Code = 8 }
        @{ Command = 'kill -9 $$'; Code = 137 }
    ) {
        (Start-SandboxProcess $Command -Sandbox $box | Wait-SandboxProcess).ExitCode | Should -Be $Code
    }

    It 'is forgotten with its output when it has ended' {
        $process = Start-SandboxProcess true -Sandbox $box | Wait-SandboxProcess
        $process | Remove-SandboxProcess
        { $process | Get-SandboxProcess -ErrorAction Stop } | Should -Throw -ErrorId 'ProcessNotFound,*'
    }
}

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxServer' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
    }

    AfterEach {
        Disconnect-SandboxServer
    }

    AfterAll {
        Remove-TestHome
    }

    It 'is not started by being looked at' {
        Stop-SandboxServer
        (Get-SandboxServer).State | Should -Be 'Stopped'
        (Get-SandboxServer).State | Should -Be 'Stopped'
    }

    It 'is started once, and left as it is when it runs' {
        $first = Start-SandboxServer -PassThru
        $first.State | Should -Be 'Running'
        $first.IsLocal | Should -BeTrue
        (Start-SandboxServer -PassThru).ProcessId | Should -Be $first.ProcessId
        (Get-SandboxServer).ProcessId | Should -Be $first.ProcessId
        Start-SandboxServer | Should -BeNullOrEmpty
    }

    It 'tells each ability with a reason and a remedy where it is missing' {
        $abilities = Test-SandboxServer
        $abilities.Name | Should -Contain 'isolation'
        foreach ($missing in $abilities | Where-Object Available -EQ $false) {
            $missing.Reason | Should -Not -BeNullOrEmpty
            $missing.Remedy | Should -Not -BeNullOrEmpty
        }

        Test-SandboxServer -Quiet | Should -BeTrue
        Test-SandboxServer -Name isolation -Quiet | Should -BeTrue
        Test-SandboxServer -Name nosuch -Quiet | Should -BeFalse
    }

    It 'is chosen with a sandbox that is meant when none is named' {
        (Connect-SandboxServer -DefaultSandbox meant -PassThru).DefaultSandbox | Should -BeExactly 'meant'
        (Invoke-SandboxCommand true -AsResult).SandboxId | Should -BeExactly 'meant'
        Disconnect-SandboxServer
        (Get-SandboxServer).DefaultSandbox | Should -BeExactly 'default'
    }

    It 'that does not answer is not connected to' {
        { Connect-SandboxServer -Uri unix:/nosuch.sock -ErrorAction Stop } | Should -Throw
        (Get-SandboxServer).IsLocal | Should -BeTrue
    }

    It 'keeps files when it stops, and is started by the next command' {
        $box = New-Sandbox
        $box | Invoke-SandboxCommand 'echo kept > file.txt'
        (Stop-SandboxServer -PassThru).State | Should -Be 'Stopped'
        $box | Invoke-SandboxCommand 'cat file.txt' | Should -BeExactly 'kept'
    }

    It 'is neither started nor stopped with -WhatIf' {
        $running = Start-SandboxServer -PassThru
        Stop-SandboxServer -WhatIf
        (Get-SandboxServer).ProcessId | Should -Be $running.ProcessId
        Stop-SandboxServer
        Start-SandboxServer -WhatIf
        (Get-SandboxServer).State | Should -Be 'Stopped'
    }
}

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

    It 'is not started by reading, stopping or completion' {
        Stop-SandboxServer
        (Get-SandboxServer).State | Should -Be 'Stopped'
        Stop-SandboxServer
        $line = 'Get-Sandbox '
        $matches = (TabExpansion2 $line $line.Length).CompletionMatches
        $matches | Where-Object ResultType -EQ 'ParameterValue' | Should -BeNullOrEmpty
        (Get-SandboxServer).State | Should -Be 'Stopped'
        (Get-SandboxServer).IsLocal | Should -BeTrue
    }

    It 'is the one that objects name' {
        (New-Sandbox).Server | Should -BeExactly (Get-SandboxServer).Uri
    }

    It 'is started once' {
        $first = Start-SandboxServer -PassThru
        $first.State | Should -Be 'Running'
        $first.IsLocal | Should -BeTrue
        (Start-SandboxServer -PassThru).ProcessId | Should -Be $first.ProcessId
        (Get-SandboxServer).ProcessId | Should -Be $first.ProcessId
        Start-SandboxServer | Should -BeNullOrEmpty
    }

    It 'reports each ability, with reason and remedy when it is missing' {
        $abilities = Test-SandboxServer
        $abilities.Name | Should -Contain 'isolation'
        foreach ($missing in $abilities | Where-Object Available -EQ $false) {
            $missing.Reason | Should -Not -BeNullOrEmpty
            $missing.Remedy | Should -Not -BeNullOrEmpty
        }

        (Test-SandboxServer server, isolation).Name | Should -Be 'server', 'isolation'
        Test-SandboxServer -Quiet | Should -BeTrue
        Test-SandboxServer -Name isolation -Quiet | Should -BeTrue
        Test-SandboxServer -Name nosuch -Quiet | Should -BeFalse
    }

    It 'names each isolation feature and what it does' {
        $features = Test-SandboxServer isolation-*
        $features.Name | Should -Contain 'isolation-seccomp'
        $features.Name | Should -Contain 'isolation-landlock'
        $features.Description | Should -Not -BeNullOrEmpty
        (Test-SandboxServer isolation-seccomp).Available | Should -BeTrue
        (Test-SandboxServer isolation).Description | Should -BeNullOrEmpty
    }

    It 'can be selected together with a default sandbox' {
        (Connect-SandboxServer -DefaultSandbox meant -PassThru).DefaultSandbox | Should -BeExactly 'meant'
        (Invoke-SandboxCommand true -AsResult).SandboxId | Should -BeExactly 'meant'
        (New-SandboxSession).SandboxId | Should -BeExactly 'meant'
        Disconnect-SandboxServer
        (Get-SandboxServer).DefaultSandbox | Should -BeExactly 'default'
    }

    It 'cannot be selected when it does not respond' -ForEach @(
        @{ Arguments = @{ Uri = 'unix:/nosuch.sock'; DefaultSandbox = 'x' }; Id = 'ServerUnreachable' }
        @{ Arguments = @{ Uri = 'nonsense' }; Id = 'InvalidRequest' }
        @{ Arguments = @{ ApiKey = [securestring]::new() }; Id = 'InvalidArgument' }
    ) {
        { Connect-SandboxServer @Arguments } | Should -Throw -ErrorId "$Id,*"
        (Get-SandboxServer).IsLocal | Should -BeTrue
        (Get-SandboxServer).DefaultSandbox | Should -BeExactly 'default'
    }

    It 'ends all processes and keeps files when it stops, and is started by the next command' {
        $session = New-SandboxSession
        $session | Invoke-SandboxCommand 'echo kept > file.txt; sleep infinity &'
        (Stop-SandboxServer -PassThru).State | Should -Be 'Stopped'
        $session | Invoke-SandboxCommand 'cat file.txt' | Should -BeExactly 'kept'
        (Invoke-SandboxCommand 'pgrep -c sleep' -AsResult).StandardOutput | Should -BeExactly "0`n"
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

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'Sandbox' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
    }

    AfterAll {
        Remove-TestHome
    }

    It 'is made with an id of the caller, and found by it' {
        $box = New-Sandbox -Id made
        $box.Id | Should -BeExactly 'made'
        $box.State | Should -Be 'Running'
        (Get-Sandbox -Id made).Id | Should -BeExactly 'made'
    }

    It 'is made with an id of its own when none is given' {
        $one, $other = 1..2 | ForEach-Object { New-Sandbox }
        $one.Id | Should -Not -Be $other.Id
    }

    It 'is found by a pattern, in silence when there is none' {
        $null = New-Sandbox -Id wild1, wild2
        (Get-Sandbox -Id 'wild*').Id | Sort-Object | Should -Be 'wild1', 'wild2'
        Get-Sandbox -Id 'nothing*' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'that does not exist is an error by its exact id' {
        { Get-Sandbox -Id nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxNotFound,Sandbox.Commands.GetSandboxCommand'
    }

    It 'with a taken id is an error' {
        $null = New-Sandbox -Id taken
        { New-Sandbox -Id taken -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxExists,Sandbox.Commands.NewSandboxCommand'
    }

    It 'gives its variables to its commands' {
        New-Sandbox -Environment @{ COLOUR = 'blue' } | Invoke-SandboxCommand 'echo $COLOUR' | Should -BeExactly 'blue'
    }

    It 'has a default session only when asked' {
        $box = New-Sandbox -DefaultSession
        $box | Invoke-SandboxCommand 'kept=1'
        $box | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly '1'
    }

    It 'does not see the files of the host' {
        $secret = Join-Path -Path $testHome -ChildPath secret
        Set-Content -LiteralPath $secret -Value 'secret'
        (New-Sandbox | Invoke-SandboxCommand "cat '$secret'" -AsResult).Success | Should -BeFalse
    }

    It 'is stopped with its processes, keeps its files, and is started by the next command' {
        $box = New-Sandbox
        $box | Invoke-SandboxCommand 'echo kept > file.txt'
        ($box | Stop-Sandbox -PassThru).State | Should -Be 'Stopped'
        $box | Invoke-SandboxCommand 'cat file.txt' | Should -BeExactly 'kept'
        $box | Stop-Sandbox -WhatIf
        (Get-Sandbox -Id $box.Id).State | Should -Be 'Running'
    }

    It 'is removed with everything, by pipeline' {
        $box = New-Sandbox
        $box | Remove-Sandbox | Should -BeNullOrEmpty
        { $box | Invoke-SandboxCommand true -ErrorAction Stop } | Should -Throw
        { Get-Sandbox -Id $box.Id -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxNotFound,Sandbox.Commands.GetSandboxCommand'
    }

    It 'is neither made nor removed with -WhatIf' {
        New-Sandbox -Id imagined -WhatIf | Should -BeNullOrEmpty
        Get-Sandbox -Id 'imagined*' | Should -BeNullOrEmpty
        $box = New-Sandbox
        $box | Remove-Sandbox -WhatIf
        (Get-Sandbox -Id $box.Id).Id | Should -BeExactly $box.Id
    }

    It 'survives JSON and CSV' {
        $box = New-Sandbox -Id flat
        ($box | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json).Id | Should -BeExactly 'flat'
        ($box | ConvertTo-Csv | ConvertFrom-Csv).Id | Should -BeExactly 'flat'
    }
}

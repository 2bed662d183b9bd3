#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxEnv' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $session = $box | New-SandboxSession
    }

    It 'is set in the living session' {
        $session | Invoke-SandboxCommand 'kept=1'
        $session | Set-SandboxEnv -Name COLOUR -Value blue
        $session | Invoke-SandboxCommand 'echo "$COLOUR $kept"' | Should -BeExactly 'blue 1'
    }

    It 'takes many at once; null unsets' {
        $session | Set-SandboxEnv -Environment @{ ONE = 1; TWO = 'two words' }
        $session | Set-SandboxEnv -Environment @{ ONE = $null }
        $session | Invoke-SandboxCommand 'echo "${ONE-unset} $TWO"' | Should -BeExactly 'unset two words'
    }

    It 'shows what the shell exports' {
        $session | Invoke-SandboxCommand 'export FROM_SHELL=yes'
        ($session | Get-SandboxEnv -Name FROM_SHELL).Value | Should -BeExactly 'yes'
        ($session | Get-SandboxEnv -Name 'FROM_*').Name | Should -Be 'FROM_SHELL'
    }

    It 'hides secrets until asked' {
        $secret = [securestring]::new()
        'hunter2'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
        $session | Set-SandboxEnv -Name KEY -Value $secret
        ($session | Get-SandboxEnv -Name KEY).Value | Should -BeExactly '********'
        ($session | Get-SandboxEnv -Name KEY -AsPlainText).Value | Should -BeExactly 'hunter2'
    }

    It 'of a sandbox reaches new sessions and not the living ones' {
        Set-SandboxEnv -Name LAYER -Value sandbox -Sandbox $box
        $box | New-SandboxSession | Invoke-SandboxCommand 'echo $LAYER' | Should -BeExactly 'sandbox'
        $session | Invoke-SandboxCommand 'echo "[$LAYER]"' | Should -BeExactly '[]'
    }

    It 'that does not exist is an error by its exact name' {
        { $session | Get-SandboxEnv -Name NO_SUCH -ErrorAction Stop } | Should -Throw -ErrorId 'VariableNotFound,Sandbox.Commands.GetSandboxEnvCommand'
        $session | Get-SandboxEnv -Name 'NO_*' -ErrorAction Stop | Should -BeNullOrEmpty
    }

    It 'with a bad name is an error' {
        { $session | Set-SandboxEnv -Name '1=2' -Value x -ErrorAction Stop } | Should -Throw
    }
}

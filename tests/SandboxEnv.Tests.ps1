#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxEnv' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $secret = [securestring]::new()
        'hunter2'.ToCharArray() | ForEach-Object { $secret.AppendChar($_) }
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $session = $box | New-SandboxSession
    }

    It 'can be strings, numbers and booleans, without null in a new session' {
        $session = New-SandboxSession -Sandbox $box -Environment @{
            TEXT = 'a "b" $HOME'; NUMBER = 1.5; BIG = 12345678901; YES = $true; NO = $false; EMPTY = ''; NOTHING = $null
        }
        $session | Invoke-SandboxCommand 'echo "$TEXT|$NUMBER|$BIG|$YES|$NO|${EMPTY-unset}|${NOTHING-unset}"' |
            Should -BeExactly 'a "b" $HOME|1.5|12345678901|true|false||unset'
    }

    It 'cannot be other values, which the error does not show' {
        $problem = { New-SandboxSession -Sandbox $box -Environment @{ WHEN = [datetime] '2001-02-03' } } | Should -Throw -ErrorId 'InvalidArgument,*' -PassThru
        "$problem" | Should -Not -BeLike '*2001*'
    }

    It 'can be set in a running session' {
        $session | Invoke-SandboxCommand 'kept=1'
        $session | Set-SandboxEnv COLOUR 'dark blue'
        $session | Invoke-SandboxCommand 'echo "$COLOUR $kept"' | Should -BeExactly 'dark blue 1'
        Set-SandboxEnv -Name COLOUR -Value $null -Session $session
        $session | Invoke-SandboxCommand 'echo "${COLOUR-unset}"' | Should -BeExactly 'unset'
    }

    It 'can be set several at once and unset by null' {
        $session | Set-SandboxEnv -Environment @{ ONE = 1; TWO = 'two words' }
        $session | Set-SandboxEnv -Environment @{ ONE = $null; THREE = 3 } -PassThru |
            Invoke-SandboxCommand 'echo "${ONE-unset} $TWO $THREE"' | Should -BeExactly 'unset two words 3'
    }

    It 'shows what the shell exports' {
        $session | Invoke-SandboxCommand 'export FROM_SHELL=yes'
        ($session | Get-SandboxEnv -Name FROM_SHELL).Value | Should -BeExactly 'yes'
        ($session | Get-SandboxEnv -Name 'FROM_*').Name | Should -Be 'FROM_SHELL'
    }

    It 'hides secrets by default and passes them to commands' {
        $session = New-SandboxSession -Sandbox $box -Environment @{ KEY = $secret }
        Set-SandboxEnv TOKEN $secret -Session $session
        (Get-SandboxEnv -Name KEY, TOKEN -Session $session).Value | Should -Be '********', '********'
        ($session | Get-SandboxEnv -Name KEY -AsPlainText).Value | Should -BeExactly 'hunter2'
        $session | Invoke-SandboxCommand 'echo "$KEY $TOKEN"' | Should -BeExactly 'hunter2 hunter2'
        $session | Invoke-SandboxCommand 'echo "$ONCE"' -Environment @{ ONCE = $secret } | Should -BeExactly 'hunter2'
    }

    It 'shows no secret with -Verbose' {
        $lines = & {
            New-SandboxSession -Sandbox $box -Environment @{ KEY = $secret } -Verbose
            Set-SandboxEnv TOKEN $secret -Session $session -Verbose
        } 4>&1
        $lines | Where-Object { $_ -is [Management.Automation.VerboseRecord] } | Should -Not -BeNullOrEmpty
        "$lines" | Should -Not -BeLike '*hunter2*'
    }

    It 'of a sandbox reaches new sessions and sessionless commands only' {
        $name = "LAYER_$(Get-Random)"
        $box | Set-SandboxEnv $name sandbox
        ($box | Get-SandboxEnv $name).Value | Should -BeExactly 'sandbox'
        $box | New-SandboxSession | Invoke-SandboxCommand "echo `$$name" | Should -BeExactly 'sandbox'
        $box | Invoke-SandboxCommand "echo `$$name" | Should -BeExactly 'sandbox'
        $session | Invoke-SandboxCommand "echo `"[`$$name]`"" | Should -BeExactly '[]'
    }

    It 'of a sandbox with a default session is that of the session' {
        $own = New-Sandbox -DefaultSession
        $own | Set-SandboxEnv MINE v
        $own | Invoke-SandboxCommand 'echo $MINE; export MINE=w' | Should -BeExactly 'v'
        $variable = $own | Get-SandboxEnv MINE
        $variable.SessionId | Should -BeExactly 'default'
        $variable.Value | Should -BeExactly 'w'
    }

    It 'is an error when its exact name is unknown' {
        { $session | Get-SandboxEnv -Name NO_SUCH } | Should -Throw -ErrorId 'VariableNotFound,*'
        $session | Get-SandboxEnv -Name 'NO_*' | Should -BeNullOrEmpty
    }

    It 'cannot have an invalid name: "<_>"' -ForEach '', '1A', 'A-B', 'A B', 'A=B', 'Ä', 'A;touch x' {
        $problem = { New-SandboxSession -Sandbox $box -Environment @{ $_ = 'v' } } | Should -Throw -ErrorId 'InvalidRequest,*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'InvalidArgument'
        { $session | Set-SandboxEnv -Environment @{ $_ = 'v' } } | Should -Throw -ErrorId 'InvalidRequest,*'
        { $box | Set-SandboxEnv -Environment @{ $_ = 'v' } } | Should -Throw -ErrorId 'InvalidRequest,*'
        { $session | Invoke-SandboxCommand true -Environment @{ $_ = 'v' } } | Should -Throw -ErrorId 'InvalidRequest,*'
    }

    It 'is not set with -WhatIf' {
        $session | Set-SandboxEnv A old
        $session | Set-SandboxEnv A new -WhatIf
        ($session | Get-SandboxEnv A).Value | Should -BeExactly 'old'
    }

    It 'is an error when the session is null' {
        { $null | Get-SandboxEnv } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        { Get-SandboxEnv -Session $mistyped } | Should -Throw -ErrorId 'ParameterArgument*'
        { Set-SandboxEnv A b -Session $mistyped } | Should -Throw -ErrorId 'ParameterArgument*'
    }

    It 'is an error when the session is of another sandbox' {
        { Get-SandboxEnv -Session $session -Sandbox other } | Should -Throw -ErrorId 'SandboxMismatch,*'
    }
}

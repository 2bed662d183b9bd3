#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'Sandbox' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
    }

    AfterAll {
        Remove-TestHome
    }

    It 'can be created with an id and found by it' {
        $box = New-Sandbox -Id made
        $box.Id | Should -BeExactly 'made'
        $box.State | Should -Be 'Running'
        (Get-Sandbox -Id made).Id | Should -BeExactly 'made'
        (Get-Sandbox $box).Id | Should -BeExactly 'made'
    }

    It 'gets a generated id when none is given' {
        $one, $other = 1..2 | ForEach-Object { New-Sandbox }
        $one.Id | Should -Not -Be $other.Id
    }

    It 'can have an id that reads as a number' {
        (New-Sandbox 007).Id | Should -BeExactly '007'
        (Get-Sandbox 007).Id | Should -BeExactly '007'
    }

    It 'can be created several at once and with labels' {
        (New-Sandbox many1, many2, many3 -Label @{ kind = 'many' }).Id | Sort-Object | Should -Be 'many1', 'many2', 'many3'
        (Get-Sandbox many2).Labels['kind'] | Should -BeExactly 'many'
        Get-Sandbox 'many?' | Remove-Sandbox
        Get-Sandbox 'many?' | Should -BeNullOrEmpty
    }

    It 'can be found by a pattern, which returns nothing without a match' {
        $null = New-Sandbox -Id wild1, wild2
        (Get-Sandbox -Id 'wild*').Id | Sort-Object | Should -Be 'wild1', 'wild2'
        Get-Sandbox -Id 'nothing*' | Should -BeNullOrEmpty
        Stop-Sandbox -Id 'nothing*'
        Remove-Sandbox -Id 'nothing*'
    }

    It 'is an error and is not created when its exact id is unknown: <Script>' -ForEach @(
        @{ Script = { Get-Sandbox nosuch } }
        @{ Script = { Stop-Sandbox nosuch } }
        @{ Script = { Remove-Sandbox nosuch } }
        @{ Script = { Invoke-SandboxCommand true -Sandbox nosuch } }
        @{ Script = { New-SandboxSession -Sandbox nosuch } }
    ) {
        $Script | Should -Throw -ErrorId 'SandboxNotFound,*'
        Get-Sandbox -Id 'nosuch*' | Should -BeNullOrEmpty
    }

    It 'cannot be created with an id that exists' {
        $null = New-Sandbox -Id taken
        { New-Sandbox -Id taken } | Should -Throw -ErrorId 'SandboxExists,Sandbox.Commands.NewSandboxCommand'
    }

    It 'cannot have an invalid id, nor can a session: "<_>"' -ForEach '..', '.hidden', '-rf', 'a b', 'a%2Fb', "a`nb", 'ä', '$(id)' {
        $box = New-Sandbox
        foreach ($script in @(
                { New-Sandbox $_ }
                { Get-Sandbox $_ }
                { Remove-Sandbox $_ }
                { Invoke-SandboxCommand true -Sandbox $_ }
                { New-SandboxSession $_ -Sandbox $box }
                { Get-SandboxSession $_ -Sandbox $box }
                { Remove-SandboxSession $_ -Sandbox $box }
                { Invoke-SandboxCommand true -Session $_ -Sandbox $box }
            )) {
            $problem = $script | Should -Throw -ErrorId 'InvalidRequest,*' -PassThru
            $problem.CategoryInfo.Category | Should -Be 'InvalidArgument'
        }
    }

    It 'is an error when null is passed: <Script>' -ForEach @(
        @{ Script = { $mistyped | Get-Sandbox } }
        @{ Script = { $mistyped | Stop-Sandbox } }
        @{ Script = { $mistyped | Remove-Sandbox } }
        @{ Script = { Stop-Sandbox $mistyped } }
        @{ Script = { Remove-Sandbox $mistyped } }
        @{ Script = { New-Sandbox -Server $mistyped } }
        @{ Script = { New-Sandbox -Environment $mistyped } }
        @{ Script = { Connect-SandboxServer $mistyped } }
    ) {
        $Script | Should -Throw -ErrorId 'ParameterArgument*'
    }

    It 'cannot be created with an engine that the server does not have' {
        $problem = { New-Sandbox -Engine nosuch } | Should -Throw -ErrorId 'Unsupported,*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'NotImplemented'
    }

    It 'has the requested network or is not created' {
        $box = New-Sandbox networked -Network Host -ErrorVariable problem -ErrorAction SilentlyContinue
        if ($box) {
            $box.Network | Should -Be 'host'
        }
        else {
            $problem | Should -HaveCount 1
            Get-Sandbox 'networked*' | Should -BeNullOrEmpty
        }
    }

    It 'tells which isolation it has, and why it lacks the rest' {
        $box = New-Sandbox -Network None
        $box.Isolation | Should -Contain 'seccomp'
        $given = Test-SandboxServer isolation-* | Where-Object Name -NotIn 'isolation-network-filter', 'isolation-confined-network'
        "$($box.MissingIsolation)" | Should -Be "$(($given | Where-Object Available -EQ $false).Name -replace '^isolation-')"
        foreach ($missing in $box.MissingIsolation) {
            $missing.Reason | Should -Not -BeNullOrEmpty
            $missing.Remedy | Should -Not -BeNullOrEmpty
        }

        $shared = New-Sandbox -Network Host -WarningAction Ignore
        $shared.MissingIsolation.Name | Should -Contain 'network'
    }

    It 'is refused with -RequireIsolation where the host lacks a feature, and created elsewhere' {
        $lacking = @((New-Sandbox -Network None).MissingIsolation | Where-Object Required)
        $box = New-Sandbox required -RequireIsolation -ErrorAction SilentlyContinue -ErrorVariable refused
        if ($lacking) {
            $box | Should -BeNullOrEmpty
            $refused[0].FullyQualifiedErrorId | Should -BeLike 'IsolationUnavailable,*'
            $refused[0].ToString() | Should -BeLike "*$($lacking[0].Name)*"
        } else {
            $box.Id | Should -BeExactly 'required'
        }
    }

    It 'passes its variables to its commands' {
        New-Sandbox -Environment @{ COLOUR = 'blue' } | Invoke-SandboxCommand 'echo $COLOUR' | Should -BeExactly 'blue'
    }

    It 'has a default session only on request' {
        $box = New-Sandbox -DefaultSession
        $box | Invoke-SandboxCommand 'kept=1'
        $box | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly '1'
    }

    It 'keeps its default session' {
        $box = New-Sandbox -DefaultSession
        $box | Invoke-SandboxCommand 'kept=1'
        { Remove-SandboxSession default -Sandbox $box } | Should -Throw -ErrorId 'DefaultSessionProtected,*'
        $box | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly '1'
    }

    It 'does not see the files of the host' {
        $secret = Join-Path -Path $testHome -ChildPath secret
        Set-Content -LiteralPath $secret -Value 'secret'
        (New-Sandbox | Invoke-SandboxCommand "cat '$secret'" -AsResult).Success | Should -BeFalse
    }

    It 'can be stopped, keeps its files and is started by the next command' {
        $box = New-Sandbox
        $box | Invoke-SandboxCommand 'echo kept > file.txt'
        ($box | Stop-Sandbox -PassThru).State | Should -Be 'Stopped'
        $box | Invoke-SandboxCommand 'cat file.txt' | Should -BeExactly 'kept'
        $box | Stop-Sandbox -WhatIf
        (Get-Sandbox -Id $box.Id).State | Should -Be 'Running'
    }

    It 'can be stopped by a pattern and is not started by Get-Sandbox' {
        $null = New-Sandbox halt1, halt2
        (Stop-Sandbox 'halt?' -PassThru).State | Should -Be 'Stopped', 'Stopped'
        $null = Get-SandboxSession -Sandbox *
        (Get-Sandbox 'halt?').State | Should -Be 'Stopped', 'Stopped'
    }

    It 'can be removed with everything in it by pipeline' {
        $box = New-Sandbox
        $box | Remove-Sandbox | Should -BeNullOrEmpty
        { $box | Invoke-SandboxCommand true } | Should -Throw
        { Get-Sandbox -Id $box.Id } | Should -Throw -ErrorId 'SandboxNotFound,*'
    }

    It 'is neither created nor removed with -WhatIf' {
        New-Sandbox -Id imagined -WhatIf | Should -BeNullOrEmpty
        Get-Sandbox -Id 'imagined*' | Should -BeNullOrEmpty
        $box = New-Sandbox
        $box | Remove-Sandbox -WhatIf
        (Get-Sandbox -Id $box.Id).Id | Should -BeExactly $box.Id
    }

    It 'can be converted to JSON and CSV' {
        $box = New-Sandbox -Id flat
        ($box | ConvertTo-Json -WarningAction Stop | ConvertFrom-Json).Id | Should -BeExactly 'flat'
        ($box | ConvertTo-Csv | ConvertFrom-Csv).Id | Should -BeExactly 'flat'
    }

    It 'can be used after deserialization' {
        $box = New-Sandbox
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($box))
        (Get-Sandbox $copy).Id | Should -BeExactly $box.Id
        ($copy | New-SandboxSession copied).Id | Should -BeExactly 'copied'
        (Get-SandboxSession copied -Sandbox $copy).Id | Should -BeExactly 'copied'
        ($copy | Get-SandboxSession).Id | Should -BeExactly 'copied'
    }

    Context 'named default' {
        BeforeEach {
            Remove-Sandbox -Id 'default*'
        }

        It 'is created on first use' {
            Get-SandboxSession -Sandbox default* | Should -BeNullOrEmpty
            Get-SandboxSession | Should -BeNullOrEmpty
            Get-SandboxEnv | Should -BeNullOrEmpty
            @() | Invoke-SandboxCommand true | Should -BeNullOrEmpty
            Get-Sandbox -Id 'default*' | Should -BeNullOrEmpty
            Invoke-SandboxCommand 'echo hello' | Should -BeExactly 'hello'
            (Get-Sandbox -Id default).DefaultSession | Should -BeFalse
        }

        It 'can be created by writing a file' {
            Set-SandboxContent file hello
            Get-SandboxContent file | Should -BeExactly 'hello'
        }

        It 'can be created by appending to a file' {
            Set-SandboxContent file hello -Append
            Get-SandboxContent file | Should -BeExactly 'hello'
        }

        It 'runs each command in a new shell' {
            Invoke-SandboxCommand 'cd /tmp; export A=1'
            Invoke-SandboxCommand 'echo $PWD [$A]' | Should -BeExactly '/workspace []'
        }
    }
}

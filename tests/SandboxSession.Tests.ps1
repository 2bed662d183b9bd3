#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxSession' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $box = New-Sandbox
    }

    AfterEach {
        Get-Job | Remove-Job -Force
        $box | Remove-Sandbox
    }

    It 'can be created with id, directory, variables and timeout' {
        $session = New-SandboxSession -Id full -Sandbox $box -WorkingDirectory /workspace/app -CommandTimeoutSeconds 60.5 -Environment @{
            STAGE = 'build'; SKIPPED = $null
        }
        $session.Id | Should -BeExactly 'full'
        $session.SandboxId | Should -BeExactly $box.Id
        $session.WorkingDirectory | Should -BeExactly '/workspace/app'
        $session.CommandTimeoutSeconds | Should -Be 60.5
        "$session" | Should -BeExactly "$($box.Id)/full"
        $session | Invoke-SandboxCommand 'echo "$STAGE ${SKIPPED-unset} $PWD"' | Should -BeExactly 'build unset /workspace/app'
    }

    It 'can have an id that reads as a number' {
        (New-SandboxSession 1e3 -Sandbox $box).Id | Should -BeExactly '1e3'
        (Get-SandboxSession 1e3 -Sandbox $box).Id | Should -BeExactly '1e3'
    }

    It 'keeps its state between commands' {
        $session = $box | New-SandboxSession
        $session | Invoke-SandboxCommand 'cd /tmp; kept=1; umask 077; greet() { echo "hello $1"; }'
        $session | Invoke-SandboxCommand 'greet $kept; pwd; umask' | Should -Be 'hello 1', '/tmp', '0077'
    }

    It 'continues in a new shell after an exit, with its variables' {
        $session = $box | New-SandboxSession
        $result = $session | Invoke-SandboxCommand 'export A=kept; exit 5' -AsResult
        $result.ExitCode | Should -Be 5
        $result.ShellRestarted | Should -BeTrue
        $session | Invoke-SandboxCommand 'echo $A' | Should -BeExactly 'kept'
    }

    It 'shares only the files of its sandbox with other sessions' {
        $production = New-SandboxSession production -Sandbox $box -Environment @{ STAGE = 'production' }
        $test = New-SandboxSession test -Sandbox $box -WorkingDirectory test -Environment @{ STAGE = 'test' }
        $production | Invoke-SandboxCommand 'own=1; export LATER=1; echo shared > shared.txt; cd /tmp'
        $test | Invoke-SandboxCommand 'cat ../shared.txt; echo "$STAGE $PWD [$own$LATER]"' | Should -Be 'shared', 'test /workspace/test []'
        $production | Invoke-SandboxCommand 'echo "$STAGE $PWD $own$LATER"' | Should -BeExactly 'production /tmp 11'
    }

    It 'shows its running command' {
        $session = $box | New-SandboxSession
        $session.State | Should -Be 'Idle'
        $null = $session | Invoke-SandboxCommand 'sleep 600' -AsJob
        Wait-Until { (Get-SandboxSession $session).RunningCommand -eq 'sleep 600' } 'the command runs'
        (Get-SandboxSession $session).State | Should -Be 'Busy'
    }

    It 'can be found by id, by pattern, by sandbox/session and by object' {
        $null = 'wa', 'wb', 'x' | ForEach-Object { New-SandboxSession $_ -Sandbox $box }
        (Get-SandboxSession -Id wa -Sandbox $box).Id | Should -BeExactly 'wa'
        (Get-SandboxSession -Id 'w*' -Sandbox $box).Id | Should -Be 'wa', 'wb'
        ($box | Get-SandboxSession W?).Id | Should -Be 'wa', 'wb'
        (Get-SandboxSession "$box/wa").Id | Should -BeExactly 'wa'
        (Get-SandboxSession */wa | Where-Object SandboxId -EQ $box.Id).Id | Should -BeExactly 'wa'
        (Get-SandboxSession -Sandbox * | Where-Object SandboxId -EQ $box.Id).Id | Sort-Object | Should -Be 'wa', 'wb', 'x'
        $session = Get-SandboxSession x -Sandbox $box
        (Get-SandboxSession $session).Id | Should -BeExactly 'x'
        (Get-SandboxSession $session -Sandbox $box).Id | Should -BeExactly 'x'
        ($session | Get-SandboxSession).Id | Should -BeExactly 'x'
    }

    It 'returns nothing for a pattern without a match' {
        Get-SandboxSession 'nothing*' -Sandbox $box | Should -BeNullOrEmpty
        Remove-SandboxSession 'nothing*' -Sandbox $box
    }

    It 'can be named sandbox/session wherever an id is accepted' {
        $name = "$(New-SandboxSession one -Sandbox $box)"
        Set-SandboxEnv A v -Session $name
        (Get-SandboxEnv A -Session $name).Value | Should -BeExactly 'v'
        Remove-SandboxSession $name
        { Get-SandboxSession $name } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'can be named by text from the pipeline' {
        $null = New-SandboxSession piped -Sandbox $box
        ('piped' | Get-SandboxSession -Sandbox $box).Id | Should -BeExactly 'piped'
        ("$box/piped" | Get-SandboxSession).Id | Should -BeExactly 'piped'
        ("$box/piped" | Remove-SandboxSession -AsResult).SessionId | Should -BeExactly 'piped'
    }

    It 'cannot have an id that exists, except with -Force, which replaces it' {
        $null = New-SandboxSession taken -Sandbox $box -Environment @{ A = 'old' }
        $problem = { New-SandboxSession taken -Sandbox $box } | Should -Throw -ErrorId 'SessionExists,*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'ResourceExists'
        New-SandboxSession taken -Sandbox $box -Environment @{ B = 'new' } -Force | Invoke-SandboxCommand 'echo "$B ${A-unset}"' | Should -BeExactly 'new unset'
        (New-SandboxSession fresh -Sandbox $box -Force).Id | Should -BeExactly 'fresh'
    }

    It 'is an error and is not created when it does not exist: <Script>' -ForEach @(
        @{ Script = { Get-SandboxSession nosuch -Sandbox $box } }
        @{ Script = { Remove-SandboxSession nosuch -Sandbox $box } }
        @{ Script = { Invoke-SandboxCommand true -Session nosuch -Sandbox $box } }
        @{ Script = { Get-SandboxEnv -Session nosuch -Sandbox $box } }
        @{ Script = { Set-SandboxEnv A b -Session nosuch -Sandbox $box } }
    ) {
        $problem = $Script | Should -Throw -ErrorId 'SessionNotFound,*' -PassThru
        $problem.TargetObject | Should -BeExactly "$box/nosuch"
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
    }

    It 'is removed without output, or with -AsResult with a result' {
        $one, $other = 1..2 | ForEach-Object { $box | New-SandboxSession }
        $one | Remove-SandboxSession | Should -BeNullOrEmpty
        $result = $other | Remove-SandboxSession -AsResult
        $result.Success | Should -BeTrue
        $result.SessionId | Should -BeExactly $other.Id
        $result.Timestamp | Should -BeGreaterThan ([DateTimeOffset]::UnixEpoch)
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
    }

    It 'can be removed by pattern' {
        $null = 'wa', 'wb', 'x' | ForEach-Object { New-SandboxSession $_ -Sandbox $box }
        Remove-SandboxSession 'w*' -Sandbox $box
        (Get-SandboxSession -Sandbox $box).Id | Should -Be 'x'
    }

    It 'is neither created nor removed with -WhatIf' {
        New-SandboxSession imagined -Sandbox $box -WhatIf | Should -BeNullOrEmpty
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
        $session = $box | New-SandboxSession
        $session | Remove-SandboxSession -WhatIf
        (Get-SandboxSession $session).Id | Should -BeExactly $session.Id
    }

    It 'can be used after a job returned it' {
        $session = $box | New-SandboxSession
        $returned = Start-Job -ScriptBlock { $args[0] } -ArgumentList $session | Receive-Job -Wait -AutoRemoveJob
        Invoke-SandboxCommand 'echo reached' -Session $returned | Should -BeExactly 'reached'
        Set-SandboxEnv A v -Session $returned
        ($returned | Get-SandboxEnv A).Value | Should -BeExactly 'v'
        (Get-SandboxEnv A -Session $returned).Value | Should -BeExactly 'v'
        (Get-SandboxSession $returned).Id | Should -BeExactly $session.Id
        $returned | Remove-SandboxSession
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
    }

    It 'keeps its server in another runspace' {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory here
        $session.Server | Should -BeLike 'unix:/*'
        $script = 'param($manifest, $session) Import-Module $manifest; $session | Invoke-SandboxCommand pwd'
        $shell = [powershell]::Create().AddScript($script).AddArgument($manifest.FullName).AddArgument($session)
        $shell.Invoke() | Should -BeExactly '/workspace/here'
        $shell.HadErrors | Should -BeFalse
        $shell.Dispose()
    }

    It 'is an error when its server does not exist' {
        $problem = { [pscustomobject]@{ Id = 'a'; SandboxId = 'b'; Server = "unix:$testHome/nosuch.sock" } | Get-SandboxSession } |
            Should -Throw -ErrorId 'ServerUnreachable,*' -PassThru
        $problem.TargetObject | Should -BeExactly "unix:$testHome/nosuch.sock"
    }

    It 'cannot be an object of another kind: <Script>' -ForEach @(
        @{ Script = { $session | Get-Sandbox } }
        @{ Script = { $session | Remove-Sandbox } }
        @{ Script = { $session | Stop-Sandbox } }
        @{ Script = { $session | New-SandboxSession } }
        @{ Script = { $session | Stop-SandboxProcess } }
        @{ Script = { $box | Remove-SandboxSession } }
        @{ Script = { [pscustomobject]@{ Id = 'x' } | Get-SandboxSession } }
        @{ Script = { [pscustomobject]@{ Name = 'x' } | Get-Sandbox } }
    ) {
        $session = New-SandboxSession $box.Id -Sandbox $box
        $Script | Should -Throw
        (Get-Sandbox $box).State | Should -Be 'Running'
        (Get-SandboxSession $session).Id | Should -BeExactly $box.Id
    }

    It 'is an error when null is passed: <Script>' -ForEach @(
        @{ Script = { Get-SandboxSession -Sandbox $mistyped } }
        @{ Script = { New-SandboxSession -Sandbox $mistyped } }
        @{ Script = { New-SandboxSession -WorkingDirectory $mistyped } }
        @{ Script = { Remove-SandboxSession $mistyped } }
        @{ Script = { $null | New-SandboxSession } }
        @{ Script = { $null | Remove-SandboxSession } }
    ) {
        $Script | Should -Throw -ErrorId 'ParameterArgument*'
        Get-Sandbox -Id 'default*' | Should -BeNullOrEmpty
    }

    It 'works under strict mode' {
        Set-StrictMode -Version Latest
        $session = New-SandboxSession strict -Sandbox $box -Environment @{ a = 1; none = $null }
        ($session | Get-SandboxEnv a).Value | Should -BeExactly '1'
        { Get-SandboxSession nosuch -Sandbox $box } | Should -Throw -ErrorId 'SessionNotFound,*'
        $session | Remove-SandboxSession
    }

    It 'can be set by $PSDefaultParameterValues' {
        & {
            $PSDefaultParameterValues = @{ '*-Sandbox*:Sandbox' = "$box"; 'Invoke-SandboxCommand:ThrottleLimit' = 2; '*:ErrorAction' = 'Stop' }
            (New-SandboxSession once).Id
            (Get-SandboxSession once).Id
            Invoke-SandboxCommand 'echo usable' -Session once
        } | Should -Be 'once', 'once', 'usable'
    }
}

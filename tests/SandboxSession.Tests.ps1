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

    It 'is made with id, directory, variables and time limit' {
        $session = New-SandboxSession -Id full -Sandbox $box -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build'; SKIPPED = $null } -CommandTimeoutSeconds 60.5
        $session.Id | Should -BeExactly 'full'
        $session.SandboxId | Should -BeExactly $box.Id
        $session.WorkingDirectory | Should -BeExactly '/workspace/app'
        $session.CommandTimeoutSeconds | Should -Be 60.5
        "$session" | Should -BeExactly "$($box.Id)/full"
        $session | Invoke-SandboxCommand 'echo "$STAGE ${SKIPPED-unset} $PWD"' | Should -BeExactly 'build unset /workspace/app'
    }

    It 'has an id that may read as a number' {
        (New-SandboxSession 1e3 -Sandbox $box).Id | Should -BeExactly '1e3'
        (Get-SandboxSession 1e3 -Sandbox $box).Id | Should -BeExactly '1e3'
    }

    It 'keeps its state from one command to the next' {
        $session = $box | New-SandboxSession
        $session | Invoke-SandboxCommand 'cd /tmp; kept=1; umask 077; greet() { echo "hello $1"; }'
        $session | Invoke-SandboxCommand 'greet $kept; pwd; umask' | Should -Be 'hello 1', '/tmp', '0077'
    }

    It 'goes on in a new shell after an exit, with its variables' {
        $session = $box | New-SandboxSession
        $result = $session | Invoke-SandboxCommand 'export A=kept; exit 5' -AsResult
        $result.ExitCode | Should -Be 5
        $result.ShellRestarted | Should -BeTrue
        $session | Invoke-SandboxCommand 'echo $A' | Should -BeExactly 'kept'
    }

    It 'shares the files of its sandbox with the others, and nothing else' {
        $production = New-SandboxSession production -Sandbox $box -Environment @{ STAGE = 'production' }
        $test = New-SandboxSession test -Sandbox $box -WorkingDirectory test -Environment @{ STAGE = 'test' }
        $production | Invoke-SandboxCommand 'own=1; export LATER=1; echo shared > shared.txt; cd /tmp'
        $test | Invoke-SandboxCommand 'cat ../shared.txt; echo "$STAGE $PWD [$own$LATER]"' | Should -Be 'shared', 'test /workspace/test []'
        $production | Invoke-SandboxCommand 'echo "$STAGE $PWD $own$LATER"' | Should -BeExactly 'production /tmp 11'
    }

    It 'says what it runs' {
        $session = $box | New-SandboxSession
        $session.State | Should -Be 'Idle'
        $null = $session | Invoke-SandboxCommand 'sleep 600' -AsJob
        Wait-Until { (Get-SandboxSession $session).RunningCommand -eq 'sleep 600' } 'the command runs'
        (Get-SandboxSession $session).State | Should -Be 'Busy'
    }

    It 'is found by id, by pattern, by sandbox/session and by itself' {
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

    It 'is not found by a pattern without a match, in silence' {
        Get-SandboxSession 'nothing*' -Sandbox $box | Should -BeNullOrEmpty
        Remove-SandboxSession 'nothing*' -Sandbox $box
    }

    It 'is named sandbox/session wherever an id is taken' {
        $name = "$(New-SandboxSession one -Sandbox $box)"
        Set-SandboxEnv A v -Session $name
        (Get-SandboxEnv A -Session $name).Value | Should -BeExactly 'v'
        Remove-SandboxSession $name
        { Get-SandboxSession $name } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'is meant by a text that is piped' {
        $null = New-SandboxSession piped -Sandbox $box
        ('piped' | Get-SandboxSession -Sandbox $box).Id | Should -BeExactly 'piped'
        ("$box/piped" | Get-SandboxSession).Id | Should -BeExactly 'piped'
        ("$box/piped" | Remove-SandboxSession -AsResult).SessionId | Should -BeExactly 'piped'
    }

    It 'with a taken id is an error, and replaces the other with -Force' {
        $null = New-SandboxSession taken -Sandbox $box -Environment @{ A = 'old' }
        $problem = { New-SandboxSession taken -Sandbox $box } | Should -Throw -ErrorId 'SessionExists,*' -PassThru
        $problem.CategoryInfo.Category | Should -Be 'ResourceExists'
        New-SandboxSession taken -Sandbox $box -Environment @{ B = 'new' } -Force | Invoke-SandboxCommand 'echo "$B ${A-unset}"' | Should -BeExactly 'new unset'
        (New-SandboxSession fresh -Sandbox $box -Force).Id | Should -BeExactly 'fresh'
    }

    It 'that does not exist is an error, and is not made by being mentioned: <Script>' -ForEach @(
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

    It 'is removed in silence, or with a result when asked' {
        $one, $other = 1..2 | ForEach-Object { $box | New-SandboxSession }
        $one | Remove-SandboxSession | Should -BeNullOrEmpty
        $result = $other | Remove-SandboxSession -AsResult
        $result.Success | Should -BeTrue
        $result.SessionId | Should -BeExactly $other.Id
        $result.Timestamp | Should -BeGreaterThan ([DateTimeOffset]::UnixEpoch)
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
    }

    It 'is removed by pattern' {
        $null = 'wa', 'wb', 'x' | ForEach-Object { New-SandboxSession $_ -Sandbox $box }
        Remove-SandboxSession 'w*' -Sandbox $box
        (Get-SandboxSession -Sandbox $box).Id | Should -Be 'x'
    }

    It 'is neither made nor removed with -WhatIf' {
        New-SandboxSession imagined -Sandbox $box -WhatIf | Should -BeNullOrEmpty
        Get-SandboxSession -Sandbox $box | Should -BeNullOrEmpty
        $session = $box | New-SandboxSession
        $session | Remove-SandboxSession -WhatIf
        (Get-SandboxSession $session).Id | Should -BeExactly $session.Id
    }

    It 'can be a target after it went through a job' {
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

    It 'carries its server into another runspace' {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory here
        $session.Server | Should -BeLike 'unix:/*'
        $shell = [powershell]::Create().AddScript('param($manifest, $session) Import-Module $manifest; $session | Invoke-SandboxCommand pwd').AddArgument($manifest.FullName).AddArgument($session)
        $shell.Invoke() | Should -BeExactly '/workspace/here'
        $shell.HadErrors | Should -BeFalse
        $shell.Dispose()
    }

    It 'of a server that is not there is an error' {
        $problem = { [pscustomobject]@{ Id = 'a'; SandboxId = 'b'; Server = "unix:$testHome/nosuch.sock" } | Get-SandboxSession } | Should -Throw -ErrorId 'ServerUnreachable,*' -PassThru
        $problem.TargetObject | Should -BeExactly "unix:$testHome/nosuch.sock"
    }

    It 'is not taken for an object of another kind: <Script>' -ForEach @(
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

    It 'takes what is null for an error: <Script>' -ForEach @(
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

    It 'takes defaults from $PSDefaultParameterValues' {
        & {
            $PSDefaultParameterValues = @{ '*-Sandbox*:Sandbox' = "$box"; 'Invoke-SandboxCommand:ThrottleLimit' = 2; '*:ErrorAction' = 'Stop' }
            (New-SandboxSession once).Id
            (Get-SandboxSession once).Id
            Invoke-SandboxCommand 'echo usable' -Session once
        } | Should -Be 'once', 'once', 'usable'
    }
}

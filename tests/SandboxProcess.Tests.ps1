#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxProcess' {
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
        $box | Remove-Sandbox
    }

    It 'starts with the directory and variables of its session' {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build' }
        $process = $session | Start-SandboxProcess 'echo "$STAGE $PWD"; sleep 600'
        $process.State | Should -Be 'Running'
        $process.SessionId | Should -BeExactly $session.Id
        ($process | Wait-SandboxProcess -Pattern '^build ').MatchedLine | Should -BeExactly 'build /workspace/app'
    }

    It 'can have a program, arguments, a directory and variables of its own' {
        Start-SandboxProcess -FilePath sh -ArgumentList '-c', 'echo $PWD $V "$@"', 'sh', 'a b' -WorkingDirectory /tmp -Environment @{ V = 'v' } -Sandbox $box |
            Get-SandboxProcessOutput -Wait | Should -BeExactly '/tmp v a b'
    }

    It 'is stopped by its timeout' {
        $process = Start-SandboxProcess 'sleep 600' -TimeoutSeconds 0.2 -Sandbox $box | Wait-SandboxProcess
        $process.TimedOut | Should -BeTrue
        $process.Signal | Should -Be 'TERM'
    }

    It 'can be found by id, by pattern, by session and by object' {
        $session = $box | New-SandboxSession
        $null = Start-SandboxProcess 'sleep 600' -Id found-1 -Sandbox $box
        $null = $session | Start-SandboxProcess 'sleep 600' -Id found-2
        (Get-SandboxProcess found-1 -Sandbox $box).Id | Should -BeExactly 'found-1'
        (Get-SandboxProcess "$box/found-1").Id | Should -BeExactly 'found-1'
        ($box | Get-SandboxProcess 'found-*').Id | Should -Be 'found-1', 'found-2'
        ($session | Get-SandboxProcess).Id | Should -Be 'found-2'
        (Get-SandboxProcess found-1 -Sandbox $box | Get-SandboxProcess).Id | Should -BeExactly 'found-1'
        $box | Get-SandboxProcess -State Exited | Should -BeNullOrEmpty
    }

    It 'can be found from another shell and used after a job returned it' {
        $process = Start-SandboxProcess 'sleep 600' -Sandbox $box
        $found = Start-Job -ScriptBlock {
            Import-Module $args[0]
            Get-SandboxProcess $args[1] -Sandbox $args[2]
        } -ArgumentList $manifest.FullName, $process.Id, $box.Id | Receive-Job -Wait -AutoRemoveJob
        ($found | Get-SandboxProcess).Id | Should -BeExactly $process.Id
        ([pscustomobject]@{ Id = $found.Id; SandboxId = $found.SandboxId } | Get-SandboxProcess).Id | Should -BeExactly $process.Id
        ($found | Stop-SandboxProcess -Force -PassThru).State | Should -Be 'Exited'
        { $found | Remove-SandboxSession } | Should -Throw
    }

    It 'can be waited for by port, used from every session and stopped with its children' {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory /workspace/site
        $session | Invoke-SandboxCommand 'echo served > index.txt'
        $process = $session | Start-SandboxProcess 'python3 -m http.server 8070 & wait'
        ($process | Wait-SandboxProcess -Port 8070 -HttpPath /index.txt).State | Should -Be 'Running'
        $fetch = 'python3 -c "import urllib.request; print(urllib.request.urlopen(\"http://localhost:8070/index.txt\").read().decode().strip())"'
        $box | Invoke-SandboxCommand $fetch | Should -BeExactly 'served'
        ($process | Wait-SandboxProcess -Pattern 'GET /index.txt').MatchedLine | Should -BeLike '*GET /index.txt*'
        $ended = $process | Stop-SandboxProcess -PassThru
        $ended.State | Should -Be 'Exited'
        $ended.Signal | Should -Be 'TERM'
        $box | Invoke-SandboxCommand "$fetch 2> /dev/null || echo gone" | Should -BeExactly 'gone'
    }

    It 'can be waited for until it exits, and is returned then' {
        $process = Start-SandboxProcess 'sleep 0.1; exit 5' -Sandbox $box | Wait-SandboxProcess
        $process.State | Should -Be 'Exited'
        $process.ExitCode | Should -Be 5
        $process.EndedAt | Should -BeGreaterOrEqual $process.StartedAt
    }

    It 'can be one of several that are waited for with -Any' {
        $slow = Start-SandboxProcess 'sleep 600' -Id slow -Sandbox $box
        $quick = Start-SandboxProcess true -Id quick -Sandbox $box
        ($slow, $quick | Wait-SandboxProcess -Any).Id | Should -BeExactly 'quick'
    }

    It 'that exits during a wait is an error with its last lines, and is returned: <Awaited>' -ForEach @(
        @{ Condition = @{ Port = 8071 }; Awaited = 'port 8071' }
        @{ Condition = @{ Pattern = 'never' }; Awaited = 'output that matches ''never''' }
    ) {
        $process = Start-SandboxProcess 'echo last words; exit 6' -Sandbox $box
        $emitted = $process | Wait-SandboxProcess @Condition -ErrorVariable problem -ErrorAction SilentlyContinue
        $emitted.ExitCode | Should -Be 6
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'ProcessEnded,*'
        "$problem" | Should -BeLike "*exited with code 6*waiting for $Awaited*last words*"
    }

    It 'is an error when the wait times out, and keeps running' -ForEach @(
        @{ Condition = @{} }
        @{ Condition = @{ Port = 8072 } }
        @{ Condition = @{ Pattern = 'never' } }
    ) {
        $process = Start-SandboxProcess 'sleep 600' -Sandbox $box
        $emitted = $process | Wait-SandboxProcess @Condition -TimeoutSeconds 0.2 -ErrorVariable problem -ErrorAction SilentlyContinue
        $emitted.State | Should -Be 'Running'
        $problem | Should -HaveCount 1
        $problem[0].FullyQualifiedErrorId | Should -BeLike 'WaitTimedOut,*'
        ($process | Get-SandboxProcess).State | Should -Be 'Running'
    }

    It 'has output of both streams, of one, of the last lines or as one string' {
        $process = Start-SandboxProcess 'seq 1 5; echo err >&2' -Sandbox $box | Wait-SandboxProcess
        $process | Get-SandboxProcessOutput | Sort-Object | Should -Be '1', '2', '3', '4', '5', 'err'
        $process | Get-SandboxProcessOutput -Stream Output | Should -Be '1', '2', '3', '4', '5'
        $process | Get-SandboxProcessOutput -Stream Error | Should -BeExactly 'err'
        $process | Get-SandboxProcessOutput -Stream Output -Tail 2 | Should -Be '4', '5'
        $process | Get-SandboxProcessOutput -Tail 0 | Should -BeNullOrEmpty
        $process | Get-SandboxProcessOutput -Stream Output -Raw | Should -BeExactly "1`n2`n3`n4`n5`n"
    }

    It 'counts an incomplete last line among the last lines' {
        $process = Start-SandboxProcess 'printf "1\n2\n3"' -Sandbox $box | Wait-SandboxProcess
        $process | Get-SandboxProcessOutput -Tail 2 | Should -Be '2', '3'
    }

    It 'returns its output so far, and with -Wait to its end' {
        $process = Start-SandboxProcess 'echo 1; until [ -e go-on ]; do sleep 0.02; done; echo 2' -Sandbox $box
        $null = $process | Wait-SandboxProcess -Pattern '^1$'
        $process | Get-SandboxProcessOutput | Should -Be '1'
        $box | Invoke-SandboxCommand 'touch go-on'
        $process | Get-SandboxProcessOutput -Wait | Should -Be '1', '2'
    }

    It 'can be followed from its last lines without losing any' {
        $process = Start-SandboxProcess 'seq 1 100; until [ -e go-on ]; do sleep 0.02; done; seq 101 150' -Sandbox $box
        $null = $process | Wait-SandboxProcess -Pattern '^100$'
        $process | Get-SandboxProcessOutput -Tail 3 -Wait | ForEach-Object {
            $_
            if ($_ -eq '100') { $box | Invoke-SandboxCommand 'touch go-on' }
        } | Should -Be (98..150 | ForEach-Object { "$_" })
    }

    It 'can be followed together with others' {
        # Each continues only after the output of the other.
        $one = Start-SandboxProcess 'echo a1; touch a1; until [ -e b1 ]; do sleep 0.02; done; echo a2' -Sandbox $box
        $other = Start-SandboxProcess 'until [ -e a1 ]; do sleep 0.02; done; echo b1; touch b1' -Sandbox $box
        $one, $other | Get-SandboxProcessOutput -Wait | Sort-Object | Should -Be 'a1', 'a2', 'b1'
    }

    It 'includes commands that have ended, with their output' {
        $result = $box | Invoke-SandboxCommand 'echo once; echo more; exit 4' -AsResult
        $command = $box | Get-SandboxProcess -IncludeCommand | Where-Object Id -EQ $result.ProcessId
        $command.Kind | Should -Be 'Command'
        $command.State | Should -Be 'Exited'
        $command.ExitCode | Should -Be 4
        $command | Get-SandboxProcessOutput | Should -Be 'once', 'more'
        $box | Get-SandboxProcess | Should -BeNullOrEmpty
    }

    It 'can be sent input by position, from the pipeline and as bytes' {
        $process = Start-SandboxProcess 'while read line; do echo "got $line"; done; echo end' -OpenInput -Sandbox $box
        $process | Send-SandboxProcessInput one
        'two', 'three' | Send-SandboxProcessInput -Process $process
        Send-SandboxProcessInput ([byte[]](102, 111, 117, 114, 10)) -Process $process
        $null = $process | Wait-SandboxProcess -Pattern '^got four$'
        Send-SandboxProcessInput -Process $process -End
        $process | Get-SandboxProcessOutput -Wait | Should -Be 'got one', 'got two', 'got three', 'got four', 'end'
    }

    It 'gets the bytes of a pipeline in one request, in order with strings' {
        $process = Start-SandboxProcess 'cat' -OpenInput -Sandbox $box
        $bytes = [Text.Encoding]::ASCII.GetBytes("one`ntwo`n")
        $requests = $bytes | Send-SandboxProcessInput -Process $process -Verbose 4>&1 | Where-Object { "$_" -like '*/stdin*' }
        @($requests) | Should -HaveCount 1
        & { $bytes; 'three'; $bytes } | Send-SandboxProcessInput -Process $process -End
        $process | Get-SandboxProcessOutput -Wait | Should -Be 'one', 'two', 'one', 'two', 'three', 'one', 'two'
    }

    It 'can be sent many lines and their end' {
        $process = Start-SandboxProcess 'wc -l' -OpenInput -Sandbox $box
        1..100 | Send-SandboxProcessInput -Process $process -End
        $process | Get-SandboxProcessOutput -Wait | Should -BeExactly '100'
    }

    It 'can exit as soon as it has read its input' {
        $process = Start-SandboxProcess 'read line; echo "got $line"' -OpenInput -Sandbox $box
        & {
            'one'
            $null = $process | Wait-SandboxProcess
        } | Send-SandboxProcessInput -Process $process -End
        $process | Get-SandboxProcessOutput | Should -BeExactly 'got one'
    }

    It 'that has exited accepts no input and no end of input' {
        $process = Start-SandboxProcess 'true' -OpenInput -Sandbox $box | Wait-SandboxProcess
        { $process | Send-SandboxProcessInput late } | Should -Throw -ErrorId 'ProcessEnded,*'
        { 'late' | Send-SandboxProcessInput -Process $process -End } | Should -Throw -ErrorId 'ProcessEnded,*'
        { Send-SandboxProcessInput -Process $process -End } | Should -Throw -ErrorId 'ProcessEnded,*'
    }

    It 'has the exit code of its command: <Command>' -ForEach @(
        @{ Command = 'exit 7'; Code = 7 }
        @{ Command = 'exec sh -c "exit 8"'; Code = 8 }
        @{ Command = 'kill -9 $$'; Code = 137 }
    ) {
        (Start-SandboxProcess $Command -Sandbox $box | Wait-SandboxProcess).ExitCode | Should -Be $Code
    }

    It 'can be stopped with all others' {
        $null = 1..2 | ForEach-Object { Start-SandboxProcess 'sleep 600' -Sandbox $box }
        $box | Stop-SandboxProcess -All -Force | Should -BeNullOrEmpty
        $box | Get-SandboxProcess -State Running | Should -BeNullOrEmpty
    }

    It 'can be removed with its output after its exit, or before with -Force' {
        $null = Start-SandboxProcess 'sleep 600' -Id rm-1 -Sandbox $box
        $null = Start-SandboxProcess true -Id rm-2 -Sandbox $box | Wait-SandboxProcess
        $box | Remove-SandboxProcess 'rm-*' -WhatIf
        ($box | Get-SandboxProcess 'rm-*').Id | Should -Be 'rm-1', 'rm-2'
        $box | Remove-SandboxProcess 'rm-*'
        ($box | Get-SandboxProcess 'rm-*').Id | Should -Be 'rm-1'
        $box | Remove-SandboxProcess 'rm-*' -Force
        $box | Get-SandboxProcess 'rm-*' | Should -BeNullOrEmpty
    }

    It 'is an error when it does not exist: <Script>' -ForEach @(
        @{ Script = { Get-SandboxProcess unknown -Sandbox $box } }
        @{ Script = { Stop-SandboxProcess unknown -Sandbox $box } }
        @{ Script = { Wait-SandboxProcess unknown -Sandbox $box } }
        @{ Script = { Get-SandboxProcessOutput unknown -Sandbox $box } }
        @{ Script = { Remove-SandboxProcess unknown -Sandbox $box } }
        @{ Script = { Send-SandboxProcessInput x -Process unknown -Sandbox $box } }
    ) {
        $Script | Should -Throw -ErrorId 'ProcessNotFound,*'
    }

    It 'cannot be started with invalid arguments: <Script>' -ForEach @(
        @{ Script = { Start-SandboxProcess true -Id running -Sandbox $box }; Id = 'ProcessExists' }
        @{ Script = { Start-SandboxProcess true -Id ../x -Sandbox $box }; Id = 'InvalidRequest' }
        @{ Script = { Start-SandboxProcess true -WorkingDirectory /nowhere -Sandbox $box }; Id = 'WorkingDirectoryNotFound' }
        @{ Script = { Start-SandboxProcess true -Session nowhere -Sandbox $box }; Id = 'SessionNotFound' }
    ) {
        $null = Start-SandboxProcess 'sleep 600' -Id running -Sandbox $box
        $Script | Should -Throw -ErrorId "$Id,*"
        ($box | Get-SandboxProcess).Id | Should -Be 'running'
    }

    It 'cannot be used with invalid arguments: <Script>' -ForEach @(
        @{ Script = { $ended | Stop-SandboxProcess }; Id = 'ProcessEnded' }
        @{ Script = { $running | Remove-SandboxProcess }; Id = 'ProcessRunning' }
        @{ Script = { $running | Stop-SandboxProcess -Signal NOPE }; Id = 'InvalidRequest' }
        @{ Script = { $running | Stop-SandboxProcess -Signal HUP -Force }; Id = 'InvalidArgument' }
        @{ Script = { $running | Send-SandboxProcessInput x }; Id = 'InvalidRequest' }
        @{ Script = { $running | Wait-SandboxProcess -Port 0 }; Id = 'ParameterArgumentValidationError' }
        @{ Script = { $running | Wait-SandboxProcess -Port 70000 }; Id = 'ParameterArgumentValidationError' }
        @{ Script = { $running | Wait-SandboxProcess -Pattern '[' }; Id = 'InvalidArgument' }
        @{ Script = { $running | Wait-SandboxProcess -HttpPath / }; Id = 'InvalidArgument' }
        @{ Script = { $running | Wait-SandboxProcess -Port 80 -Pattern x }; Id = 'InvalidArgument' }
        @{ Script = { $running | Get-SandboxProcessOutput -Raw -Tail 1 }; Id = 'InvalidArgument' }
    ) {
        $running = Start-SandboxProcess 'sleep 600' -Sandbox $box
        $ended = Start-SandboxProcess true -Sandbox $box | Wait-SandboxProcess
        $Script | Should -Throw -ErrorId "$Id,*"
        ($running | Get-SandboxProcess).State | Should -Be 'Running'
    }
}

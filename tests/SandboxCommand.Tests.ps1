#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxCommand' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox

        function Get-Hash([byte[]] $Bytes) {
            [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData($Bytes)).ToLowerInvariant()
        }

        function Copy-Serialized($Value) {
            [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Value))
        }
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $session = New-SandboxSession -Sandbox $box -WorkingDirectory "$(New-Guid)"
    }

    Context 'Output' {
        It 'is returned as lines, including an incomplete last one' {
            $session | Invoke-SandboxCommand 'printf "one\ntwo\r\n\nhalf"' | Should -Be 'one', 'two', '', 'half'
        }

        It 'is followed by $LASTEXITCODE' {
            $session | Invoke-SandboxCommand 'echo one; exit 3' | Should -Be 'one'
            $LASTEXITCODE | Should -Be 3
            function Invoke-True { $session | Invoke-SandboxCommand true }
            Invoke-True
            $LASTEXITCODE | Should -Be 0
        }

        It 'can be one object with -AsResult' {
            $result = $session | Invoke-SandboxCommand 'echo out; echo err >&2; exit 4' -AsResult
            $result.ExitCode | Should -Be 4
            $result.Success | Should -BeFalse
            $result.StandardOutput | Should -BeExactly "out`n"
            $result.StandardError | Should -BeExactly "err`n"
            $result.TimedOut | Should -BeFalse
            $result.Truncated | Should -BeFalse
            $result.Command | Should -BeExactly 'echo out; echo err >&2; exit 4'
            $result.ProcessId | Should -Not -BeNullOrEmpty
            $result.Duration | Should -BeGreaterThan ([timespan]::Zero)
            $result.SessionId | Should -BeExactly $session.Id
            $result.SandboxId | Should -BeExactly $box.Id
        }

        It 'can be the exact text with -Raw' {
            $session | Invoke-SandboxCommand 'printf "one\r\n\ntwo"' -Raw | Should -BeExactly "one`r`n`ntwo"
        }

        It 'can be the exact bytes with -AsByteStream' {
            $all = [byte[]](0..255)
            $output = $session | Invoke-SandboxCommand 'for i in $(seq 0 255); do printf "\\x$(printf %x $i)"; done' -AsByteStream
            $bytes = [byte[]]($output | ForEach-Object { $_ })
            [Convert]::ToHexString($bytes) | Should -BeExactly ([Convert]::ToHexString($all))
        }

        It 'that is not UTF-8 is replaced in text' {
            $session | Invoke-SandboxCommand 'printf "a\377b"' | Should -BeExactly "a$([char] 0xFFFD)b"
        }

        It 'can be limited with -OutputLimit' {
            $result = $session | Invoke-SandboxCommand 'printf 1234567890' -AsResult -OutputLimit 4
            $result.StandardOutput | Should -BeExactly '1234'
            $result.Truncated | Should -BeTrue
            $result.ExitCode | Should -Be 0
            $session | Invoke-SandboxCommand 'printf 1234567890' -Raw -OutputLimit 4 -WarningVariable warned -WarningAction SilentlyContinue |
                Should -BeExactly '1234'
            $warned | Should -HaveCount 1
        }

        It 'can have the source of each line with -Prefix' {
            $session | Invoke-SandboxCommand 'printf "a\nb\n"' -Prefix | Should -Be "[$session] a", "[$session] b"
            Invoke-SandboxCommand 'echo a' -Sandbox $box -Prefix | Should -Be "[$($box.Id)] a"
        }

        It 'can have one format only' {
            { $session | Invoke-SandboxCommand true -Raw -AsResult } | Should -Throw -ErrorId 'InvalidArgument,*'
        }
    }

    Context 'Standard error' {
        It 'is shown without an error record' {
            $session | Invoke-SandboxCommand 'echo warned >&2; echo out' -InformationVariable shown -InformationAction SilentlyContinue |
                Should -BeExactly 'out'
            "$shown" | Should -BeExactly 'warned'
            $shown.Tags | Should -Be 'PSHOST', 'StandardError'
        }

        It 'can be sent to the output or discarded' {
            $session | Invoke-SandboxCommand 'echo out; echo err >&2' -StandardError Output | Sort-Object | Should -Be 'err', 'out'
            $session | Invoke-SandboxCommand 'echo out; echo err >&2' -StandardError Null -InformationVariable shown | Should -Be 'out'
            $shown | Should -BeNullOrEmpty
        }

        It 'can be converted to error records' {
            $session | Invoke-SandboxCommand 'echo out; echo err >&2' -StandardError Error -ErrorVariable problem -ErrorAction SilentlyContinue |
                Should -Be 'out'
            $problem | Should -HaveCount 1
            $problem[0].FullyQualifiedErrorId | Should -BeLike 'StandardErrorLine,*'
            $problem[0].CategoryInfo.Category | Should -Be 'FromStdErr'
            $problem[0].Exception.Message | Should -BeExactly 'err'
            { $session | Invoke-SandboxCommand 'echo err >&2' -StandardError Error } | Should -Throw -ErrorId 'StandardErrorLine,*'
        }
    }

    Context 'Exit code' {
        It 'other than zero is not an error' {
            $session | Invoke-SandboxCommand 'exit 7'
            $? | Should -BeTrue
        }

        It 'other than zero is an error with -ErrorOnNonZeroExit' {
            $problem = { $session | Invoke-SandboxCommand 'exit 7' -ErrorOnNonZeroExit } | Should -Throw -ErrorId 'CommandExitedNonZero,*' -PassThru
            $problem.CategoryInfo.Category | Should -Be 'InvalidResult'
        }

        It 'other than zero is an error by $PSNativeCommandUseErrorActionPreference' {
            $PSNativeCommandUseErrorActionPreference = $true
            { $session | Invoke-SandboxCommand 'exit 5' } | Should -Throw -ErrorId 'CommandExitedNonZero,*'
        }

        It 'of several targets is the first other than zero' {
            $many = 0, 5, 0 | ForEach-Object { $box | New-SandboxSession -Environment @{ CODE = $_ } }
            $many | Invoke-SandboxCommand 'exit $CODE' -ThrottleLimit 1
            $LASTEXITCODE | Should -Be 5
        }
    }

    Context 'Text' {
        It 'is passed unchanged, with quotes, line breaks and emoji' {
            $session | Invoke-SandboxCommand "cat <<'E'`nit's `"q`" \ `$x`n😀 ``tick```nE" | Should -Be 'it''s "q" \ $x', '😀 `tick`'
        }

        It 'can be a megabyte long' {
            $session | Invoke-SandboxCommand "t='$('x' * 1MB)'; echo `${#t}" | Should -BeExactly '1048576'
        }

        It 'with a NUL is an error' {
            { $session | Invoke-SandboxCommand "touch ran; echo a`0b" } | Should -Throw -ErrorId 'InvalidRequest,*'
            $session | Invoke-SandboxCommand 'ls' | Should -BeNullOrEmpty
        }

        It 'with a syntax error keeps the session usable: <_>' -ForEach 'echo ''open', 'if true; then', 'cat <<E', 'echo $(', ')' {
            $session | Invoke-SandboxCommand $_ -StandardError Null
            $session | Invoke-SandboxCommand 'echo usable' | Should -BeExactly 'usable'
        }

        It 'can be a program with literal arguments' {
            Invoke-SandboxCommand -FilePath printf -ArgumentList '%s|', '-n', 'it''s', 'a "b"', '$HOME', '*', '' -Session $session |
                Should -BeExactly '-n|it''s|a "b"|$HOME|*||'
        }

        It 'must be one argument' {
            { Invoke-SandboxCommand git status } | Should -Throw -ErrorId 'PositionalParameterNotFound,*'
        }
    }

    Context 'Input' {
        It 'can be text, numbers, bytes and streams' {
            'pear', 'apple' | Invoke-SandboxCommand sort -Session $session | Should -Be 'apple', 'pear'
            'a', 'b', 42 | Invoke-SandboxCommand cat -Session $session | Should -Be 'a', 'b', '42'
            [byte] 65, [byte] 66 | Invoke-SandboxCommand cat -Session $session | Should -BeExactly 'AB'
            Invoke-SandboxCommand cat -Session $session -InputObject ([byte[]](65, 66)) | Should -BeExactly 'AB'
            Invoke-SandboxCommand cat -Session $session -InputObject ([IO.MemoryStream]::new([byte[]](65, 66))) | Should -BeExactly 'AB'
            '{ "name": "fig" }' | Invoke-SandboxCommand cat -Session $session | ConvertFrom-Json | ForEach-Object name | Should -BeExactly 'fig'
        }

        It 'can be any bytes of any size' {
            $bytes = [byte[]]::new(30000000)
            [Random]::Shared.NextBytes($bytes)
            Invoke-SandboxCommand sha256sum -Session $session -InputObject $bytes | Should -BeExactly "$(Get-Hash $bytes)  -"
            Invoke-SandboxCommand sha256sum -Session $session -InputObject ([IO.MemoryStream]::new($bytes)) | Should -BeExactly "$(Get-Hash $bytes)  -"
        }

        It 'can be any number of lines' {
            1..200000 | Invoke-SandboxCommand 'set -- $(wc -lc); echo $*' -Session $session | Should -BeExactly '200000 1288895'
        }

        It 'can be left unread' {
            Invoke-SandboxCommand 'echo done' -Session $session -InputObject ([byte[]]::new(20000000)) | Should -BeExactly 'done'
            1..300000 | Invoke-SandboxCommand 'head -n 1' -Session $session | Should -BeExactly '1'
            1..300000 | Invoke-SandboxCommand 'exit 3' -Session $session
            $LASTEXITCODE | Should -Be 3
        }

        It 'is read while the command writes' {
            Invoke-SandboxCommand cat -Session $session -AsByteStream -InputObject ([byte[]]::new(20000000)) | Measure-Object -Property Length -Sum |
                ForEach-Object Sum | Should -Be 20000000
        }

        It 'is passed completely to each of several targets' {
            $many = 1..3 | ForEach-Object { $box | New-SandboxSession }
            1..50000 | Invoke-SandboxCommand 'wc -l' -Session $many | Should -Be (@('50000') * 3)
            1..50000 | Invoke-SandboxCommand 'wc -l' -Session $many -ThrottleLimit 1 | Should -Be (@('50000') * 3)
            1..50000 | Invoke-SandboxCommand 'wc -l' -Session $many[0], $many[0] | Should -Be (@('50000') * 2)
        }

        It 'of one command does not reach the next' {
            $bytes = [byte[]]::new(500000)
            Invoke-SandboxCommand 'wc -c' -Session $session -InputObject $bytes | Should -BeExactly '500000'
            'a' | Invoke-SandboxCommand 'wc -l' -Session $session | Should -BeExactly '1'
            Invoke-SandboxCommand 'wc -c' -Session $session -InputObject $bytes | Should -BeExactly '500000'
            Invoke-SandboxCommand 'wc -c' -Session $session | Should -BeExactly '0'
        }

        It 'can come from the same session' {
            Invoke-SandboxCommand 'head -c 20000000 /dev/zero' -Session $session -AsByteStream | Invoke-SandboxCommand 'wc -c' -Session $session |
                Should -BeExactly '20000000'
        }

        It 'with a null is an error and ends the command' {
            { 'a', $null, 'b' | Invoke-SandboxCommand 'cat > half; echo whole > whole' -Session $session } | Should -Throw -ErrorId 'InvalidArgument,*'
            $session | Invoke-SandboxCommand 'test -e whole; echo $?' | Should -BeExactly '1'
        }

        It 'and targets cannot be mixed in one pipeline' {
            { 'text', $session | Invoke-SandboxCommand 'touch ran' } | Should -Throw -ErrorId 'InvalidArgument,*'
            { 'text', $session | Invoke-SandboxCommand 'touch ran' -Session $session } | Should -Throw -ErrorId 'InvalidArgument,*'
            { $session, 'text' | Invoke-SandboxCommand true } | Should -Throw -ErrorId 'InvalidArgument,*'
        }

        It 'that is empty is input with a named target, and no target otherwise' {
            @() | Invoke-SandboxCommand 'echo ran' | Should -BeNullOrEmpty
            @() | Invoke-SandboxCommand 'cat; echo ran' -Session $session | Should -BeExactly 'ran'
        }
    }

    Context 'Time limit' {
        It 'stops the command and keeps its output and the session' {
            $session | Invoke-SandboxCommand 'kept=yes'
            $session | Invoke-SandboxCommand 'echo started; sleep 600' -TimeoutSeconds 2 -ErrorVariable problem -ErrorAction SilentlyContinue |
                Should -BeExactly 'started'
            $problem | Should -HaveCount 1
            $problem[0].FullyQualifiedErrorId | Should -BeLike 'CommandTimedOut,*'
            $problem[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
            $session | Invoke-SandboxCommand 'echo $kept' | Should -BeExactly 'yes'
        }

        It 'is reported in the object with -AsResult, without an error' {
            $result = $session | Invoke-SandboxCommand 'echo started; sleep 600' -TimeoutSeconds 2 -AsResult
            $result.TimedOut | Should -BeTrue
            $result.Success | Should -BeFalse
            $result.StandardOutput | Should -BeExactly "started`n"
        }

        It 'of a command overrides that of its session' {
            $short = $box | New-SandboxSession -CommandTimeoutSeconds 0.2
            { $short | Invoke-SandboxCommand 'sleep 600' } | Should -Throw -ErrorId 'CommandTimedOut,*'
            $short | Invoke-SandboxCommand 'sleep 0.5; echo longer' -TimeoutSeconds 600 | Should -BeExactly 'longer'
            $long = $box | New-SandboxSession -CommandTimeoutSeconds 600
            { $long | Invoke-SandboxCommand 'sleep 60' -TimeoutSeconds 0.2 } | Should -Throw -ErrorId 'CommandTimedOut,*'
        }

        It 'can be a TimeSpan' {
            { $session | Invoke-SandboxCommand 'sleep 600' -TimeoutSeconds ([timespan]::FromMilliseconds(200)) } | Should -Throw -ErrorId 'CommandTimedOut,*'
        }

        It 'must be positive: <_>' -ForEach 0, -1, ([double]::NaN) {
            { $session | Invoke-SandboxCommand true -TimeoutSeconds $_ } | Should -Throw -ErrorId 'ParameterArgument*'
        }

        It 'must be a number' {
            { $session | Invoke-SandboxCommand true -TimeoutSeconds soon } | Should -Throw -ErrorId '*Argument*,*'
        }
    }

    Context 'Target' {
        It 'can be a sandbox or a session, by pipeline or parameter' {
            $session | Invoke-SandboxCommand pwd | Should -BeExactly $session.WorkingDirectory
            Invoke-SandboxCommand pwd -Session $session | Should -BeExactly $session.WorkingDirectory
            Invoke-SandboxCommand pwd -Session "$session" | Should -BeExactly $session.WorkingDirectory
            $box | Invoke-SandboxCommand pwd | Should -BeExactly '/workspace'
            Invoke-SandboxCommand pwd -Sandbox $box.Id | Should -BeExactly '/workspace'
        }

        It 'can be several, which run concurrently' {
            # Each waits for the others: run sequentially they would hang.
            $meet = 'touch $SELF; until [ -e $OTHER ]; do sleep 0.01; done; echo met'
            $both = @{ SELF = 'a'; OTHER = 'b' }, @{ SELF = 'b'; OTHER = 'a' } |
                ForEach-Object { $box | New-SandboxSession -WorkingDirectory $session.WorkingDirectory -Environment $_ }
            $both | Invoke-SandboxCommand $meet | Should -Be 'met', 'met'
            $session | Invoke-SandboxCommand 'rm a b'
            Invoke-SandboxCommand $meet -Session $both | Should -Be 'met', 'met'
        }

        It 'can be several, limited by -ThrottleLimit' {
            $many = 1..4 | ForEach-Object { $box | New-SandboxSession -WorkingDirectory $session.WorkingDirectory }
            $many | Invoke-SandboxCommand 'mkdir one || echo two at once; sleep 0.05; rmdir one' -ThrottleLimit 1 -StandardError Output | Should -BeNullOrEmpty
        }

        It 'that fails does not affect the others' {
            Invoke-SandboxCommand 'echo here' -Session "$box/nosuch", $session -ErrorVariable problem -ErrorAction SilentlyContinue | Should -BeExactly 'here'
            $problem | Should -HaveCount 1
            $problem[0].FullyQualifiedErrorId | Should -BeLike 'SessionNotFound,*'
        }

        It 'cannot be given twice' {
            { $session | Invoke-SandboxCommand 'touch ran' -Session $session } | Should -Throw -ErrorId 'TargetGivenTwice,*'
            { $box | Invoke-SandboxCommand 'touch ran' -Sandbox $box } | Should -Throw -ErrorId 'TargetGivenTwice,*'
            $session | Invoke-SandboxCommand 'ls -A; test -e ../ran && echo ran' | Should -BeNullOrEmpty
        }

        It 'is looked up in the named sandbox' {
            { Invoke-SandboxCommand 'touch ran' -Session $session -Sandbox other } | Should -Throw -ErrorId 'SandboxMismatch,*'
            Invoke-SandboxCommand 'ls; echo ran' -Session $session -Sandbox $box | Should -BeExactly 'ran'
        }

        It 'that is null is an error: <Script>' -ForEach @(
            @{ Script = { $null | Invoke-SandboxCommand 'touch null' }; Id = 'InvalidArgument' }
            @{ Script = { $null | Invoke-SandboxCommand 'touch null' -Sandbox $box }; Id = 'InvalidArgument' }
            @{ Script = { Invoke-SandboxCommand 'touch null' -Sandbox $box -InputObject $null }; Id = 'InvalidArgument' }
            @{ Script = { Invoke-SandboxCommand 'touch null' -Session $mistyped }; Id = 'ParameterArgumentValidationError' }
            @{ Script = { Invoke-SandboxCommand 'touch null' -Sandbox $mistyped }; Id = 'ParameterArgumentValidationError' }
            @{ Script = { Invoke-SandboxCommand 'touch null' -Session $null, $session.Id }; Id = 'ParameterArgumentTransformationError' }
        ) {
            $Script | Should -Throw -ErrorId "$Id,*"
            Invoke-SandboxCommand 'test -e null; echo $?' -Sandbox $box | Should -BeExactly '1'
        }

        It 'can be a deserialized object' {
            (Copy-Serialized $session).PSTypeNames[0] | Should -BeLike 'Deserialized.*'
            Copy-Serialized $session | Invoke-SandboxCommand pwd | Should -BeExactly $session.WorkingDirectory
            Invoke-SandboxCommand pwd -Session (Copy-Serialized $session) | Should -BeExactly $session.WorkingDirectory
            Copy-Serialized $box | Invoke-SandboxCommand pwd | Should -BeExactly '/workspace'
            Invoke-SandboxCommand pwd -Sandbox (Copy-Serialized $box) | Should -BeExactly '/workspace'
        }

        It 'can be an object with selected properties, including its sandbox' {
            $session | Select-Object -Property Id, SandboxId | Invoke-SandboxCommand pwd | Should -BeExactly $session.WorkingDirectory
            Invoke-SandboxCommand pwd -Session ($session | Select-Object -Property Id, SandboxId) | Should -BeExactly $session.WorkingDirectory
            $part = $session | Select-Object -Property Id
            { $part | Invoke-SandboxCommand pwd } | Should -Throw -ErrorId 'InvalidArgument,*'
            { Invoke-SandboxCommand pwd -Session $part } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        }
    }

    Context 'Running' {
        It 'can have its own variables and directory' {
            $session | Invoke-SandboxCommand 'echo "$ONCE $PWD"' -Environment @{ ONCE = 1 } -WorkingDirectory /tmp | Should -BeExactly '1 /tmp'
            $session | Invoke-SandboxCommand 'echo "[$ONCE]"' | Should -BeExactly '[]'
        }

        It 'in a missing directory is an error before anything runs' {
            { $session | Invoke-SandboxCommand "touch $($session.WorkingDirectory)/ran" -WorkingDirectory /nosuch } |
                Should -Throw -ErrorId 'WorkingDirectoryNotFound,*'
            $session | Invoke-SandboxCommand ls | Should -BeNullOrEmpty
        }

        It 'in a session whose directory was removed is an error in every cmdlet, until the directory is made anew' {
            $gone = New-SandboxSession -Sandbox $box -WorkingDirectory "$(New-Guid)"
            $box | Remove-SandboxItem $gone.WorkingDirectory
            Set-Content "$TestDrive/a.txt" a
            Set-Content "$TestDrive/b.txt" b
            $null = New-Item -ItemType Directory -Force "$TestDrive/tree/sub"
            @(
                { $gone | Invoke-SandboxCommand true }
                { $gone | Invoke-SandboxCommand true -AsResult }
                { $gone | Start-SandboxProcess true }
                { Copy-SandboxItem "$TestDrive/a.txt" -ToSession $gone }
                { Copy-SandboxItem "$TestDrive/a.txt", "$TestDrive/b.txt" -ToSession $gone }
                { Copy-SandboxItem "$TestDrive/tree" -ToSession $gone -Recurse }
                { Copy-SandboxItem . "$TestDrive/out" -FromSession $gone -Recurse }
                { Set-SandboxContent f x -Session $gone }
                { Get-SandboxChildItem -Session $gone }
                { New-SandboxItem d -ItemType Directory -Session $gone }
                { Test-SandboxPath f -Session $gone }
                { New-SandboxCodeContext python -Session $gone }
                { Import-SandboxRepository https://example.org/x -Session $gone }
            ) | ForEach-Object { $_ | Should -Throw -ErrorId 'WorkingDirectoryNotFound,*' -Because "$_" }
            $box | Test-SandboxPath $gone.WorkingDirectory | Should -BeFalse
            $box | New-SandboxItem $gone.WorkingDirectory -ItemType Directory
            Copy-SandboxItem "$TestDrive/a.txt" -ToSession $gone
            $gone | Invoke-SandboxCommand 'cat a.txt; pwd' | Should -Be 'a', $gone.WorkingDirectory
        }

        It 'in a directory below ~ is in the home of the user, as in every path parameter' {
            $name = New-Guid
            $own = New-SandboxSession -Sandbox $box -WorkingDirectory "~/$name"
            $own.WorkingDirectory | Should -Be "/home/sandbox/$name"
            $own | Invoke-SandboxCommand pwd -WorkingDirectory '~' | Should -Be /home/sandbox
            $box | Set-SandboxContent "~/$name/run" "#!/bin/sh`necho ran"
            $box | Get-SandboxContent "~/$name/run" | Should -Be '#!/bin/sh', 'echo ran'
            $box | Invoke-SandboxCommand "chmod +x ~/$name/run"
            Invoke-SandboxCommand -FilePath "~/$name/run" -Sandbox $box | Should -Be ran
            ($box | Start-SandboxProcess pwd -WorkingDirectory "~/$name" | Wait-SandboxProcess | Get-SandboxProcessOutput) | Should -Be "/home/sandbox/$name"
            ($box | Get-SandboxItem "~/$name/*").SandboxPath | Should -Be "/home/sandbox/$name/run"
            ($box | Get-SandboxChildItem "~/$name").Name | Should -Be run
            Set-Content "$TestDrive/in" x
            (Copy-SandboxItem "$TestDrive/in" "~/$name" -ToSandbox $box -PassThru).SandboxPath | Should -Be "/home/sandbox/$name/in"
            (Copy-SandboxItem "~/$name/in" "$TestDrive/back" -FromSandbox $box -PassThru).Name | Should -Be back
            $box | Move-SandboxItem "~/$name/in" "~/$name/moved"
            $box | Test-SandboxPath "~/$name/moved" | Should -BeTrue
            Invoke-SandboxCode 'import os; print(os.getcwd())' -Context (New-SandboxCodeContext python -Sandbox $box -WorkingDirectory "~/$name") |
                Should -Be "/home/sandbox/$name"
            $box | Test-SandboxPath '/workspace/~' | Should -BeFalse
            $null = Backup-Sandbox $box "$TestDrive/home.tar" -Path "~/$name"
            Restore-Sandbox $box "$TestDrive/home.tar" -DestinationPath "~/$name/again"
            $box | Test-SandboxPath "~/$name/again/moved" | Should -BeTrue
        }

        It 'finds what npm install -g installed' {
            if (-not (Test-Path /usr/bin/npm)) {
                Set-ItResult -Skipped -Because 'this host has no npm in /usr/bin'
            }

            $session | Invoke-SandboxCommand 'mkdir pkg && cd pkg && printf "#!/bin/sh\necho by npm\n" > run && chmod +x run &&
                echo "{\"name\":\"own-npm-tool\",\"version\":\"1.0.0\",\"bin\":{\"own-npm-tool\":\"run\"}}" > package.json &&
                npm install -g --offline --no-audit --no-fund . >/dev/null'
            $box | Invoke-SandboxCommand own-npm-tool | Should -Be 'by npm'
        }

        It 'with the line ends of Windows is the same command' {
            $script = "for i in 1 2; do`r`n  mkdir -p d`$i`r`ndone`r`nls"
            $session | Invoke-SandboxCommand $script | Should -Be d1, d2
            $session | Start-SandboxProcess $script | Wait-SandboxProcess | Get-SandboxProcessOutput | Should -Be d1, d2
            Invoke-SandboxCommand -FilePath printf -ArgumentList '%s', "a`r`nb" -Session $session -Raw | Should -BeExactly "a`r`nb"
            "a`r" | Invoke-SandboxCommand "cat`r`n" -Session $session -Raw | Should -BeExactly "a`r`n"
        }

        It 'finds the programs of the user, as processes, code and terminals do' {
            $box | Invoke-SandboxCommand 'mkdir -p ~/.local/bin; printf "#!/bin/sh\necho own" > ~/.local/bin/own-tool; chmod +x ~/.local/bin/own-tool'
            $box | Invoke-SandboxCommand own-tool | Should -Be own
            $session | Invoke-SandboxCommand own-tool | Should -Be own
            $session | Invoke-SandboxCommand 'echo $NPM_CONFIG_PREFIX' | Should -Be /home/sandbox/.local
            $box | Start-SandboxProcess own-tool | Wait-SandboxProcess | Get-SandboxProcessOutput | Should -Be own
            Invoke-SandboxCode 'import subprocess; print(subprocess.run("own-tool", capture_output=True, text=True).stdout.strip())' -Sandbox $box |
                Should -Be own
        }

        It 'ends when the pipeline stops early' {
            $session | Invoke-SandboxCommand 'while true; do echo more; done' | Select-Object -First 2 | Should -Be 'more', 'more'
            $session | Invoke-SandboxCommand 'echo first; sleep 600' | Select-Object -First 1 | Should -Be 'first'
            $session | Invoke-SandboxCommand 'echo usable' | Should -BeExactly 'usable'
        }

        It 'with -WhatIf does nothing' {
            $session | Invoke-SandboxCommand 'touch ran' -WhatIf | Should -BeNullOrEmpty
            $session | Invoke-SandboxCommand ls | Should -BeNullOrEmpty
        }

        It 'shows its requests and the server with -Verbose' {
            $verbose = Invoke-SandboxCommand true -Sandbox $box.Id -Verbose 4>&1 | ForEach-Object Message
            $verbose | Where-Object { $_ -like '*server ''unix:/*' } | Should -Not -BeNullOrEmpty
            $verbose | Where-Object { $_ -like "POST v1/sandbox/$($box.Id)/exec 200 *" } | Should -Not -BeNullOrEmpty
        }

        It 'works under strict mode' {
            Set-StrictMode -Version Latest
            $session | Invoke-SandboxCommand 'echo strict >&2; exit 3' -StandardError Output | Should -BeExactly 'strict'
            $LASTEXITCODE | Should -Be 3
        }
    }
}

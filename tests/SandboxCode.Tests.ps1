#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxCode' {
    BeforeDiscovery {
        $hasMatplotlib = Test-Path /usr/lib/python3/dist-packages/matplotlib
        if (-not $hasMatplotlib) {
            Write-Warning 'NOT tested: a matplotlib figure. Install python3-matplotlib.'
        }
    }

    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $python = $box | New-SandboxCodeContext python
        $png = 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a
    }

    AfterAll {
        Remove-TestHome
    }

    It 'keeps the state of its context' -ForEach @(
        @{ Language = 'python'; First = 'x = 20'; Second = "print(x + 1)`nx + 2" }
        @{ Language = 'javascript'; First = 'const x = 20'; Second = 'console.log(x + 1); x + 2' }
    ) {
        $context = $box | New-SandboxCodeContext $Language
        $context | Invoke-SandboxCode $First | Should -BeNullOrEmpty
        $printed, $value = Invoke-SandboxCode $Second -Context $context
        $printed | Should -BeOfType ([string])
        $printed | Should -BeExactly '21'
        $value.Kind | Should -BeExactly 'result'
        "$value" | Should -BeExactly '22'
    }

    It 'runs in the default context of its language and session' {
        $own = New-Sandbox
        Invoke-SandboxCode 'n = 1; print(n)' -Sandbox $own | Should -BeExactly '1'
        $own | Invoke-SandboxCode 'print(n + 1)' | Should -BeExactly '2'
        Invoke-SandboxCode 'console.log(3)' -Language js -Sandbox $own | Should -BeExactly '3'
        $session = $own | New-SandboxSession
        $session | Invoke-SandboxCode 'print("set" if "n" in globals() else "unset")' | Should -BeExactly 'unset'
        (Get-SandboxCodeContext -Sandbox $own | Where-Object { $_.IsDefault -and $_.SessionId -eq $session.Id }).Language | Should -BeExactly 'python'
    }

    It 'can use top-level await in JavaScript' {
        Invoke-SandboxCode 'const os = await import("node:os"); console.log(typeof os.cpus)' -Language javascript -Sandbox $box | Should -BeExactly 'function'
        (Invoke-SandboxCode '[1, { a: 2 }]' -Language javascript -Sandbox $box).Json | ConvertFrom-Json | Select-Object -First 1 | Should -Be 1
    }

    It 'can come from the pipeline or from a local file' {
        'for i in range(2):', '    print(i)' | Invoke-SandboxCode -Context $python | Should -Be '0', '1'
        $file = Join-Path -Path $testHome -ChildPath code.js
        Set-Content -LiteralPath $file -Value "console.log('from file')"
        Invoke-SandboxCode -FilePath $file -Sandbox $box | Should -BeExactly 'from file'
    }

    It 'returns one object with -AsResult' {
        $context = $box | New-SandboxCodeContext js
        $result = $context | Invoke-SandboxCode 'console.error("e"); display({ a: 1 }); [1, 2]' -AsResult
        $result.Success | Should -BeTrue
        $result.StandardOutput | Should -BeExactly ''
        $result.StandardError | Should -BeExactly "e`n"
        $result.ExecutionCount | Should -Be 1
        $result.Results | ForEach-Object { "$_" } | Should -Be '{ a: 1 }', '[ 1, 2 ]'
        $result.Results.Json | Should -Be '{"a":1}', '[1,2]'
        $result.ContextId | Should -BeExactly $context.Id
        $result.SandboxId | Should -BeExactly $box.Id
        $result.DurationMs | Should -BeGreaterThan 0
    }

    It 'has its error in the object with -AsResult' {
        $result = $python | Invoke-SandboxCode "print('before')`n1 / 0" -AsResult
        $result.Success | Should -BeFalse
        $result.StandardOutput | Should -BeExactly "before`n"
        "$($result.Error)" | Should -BeExactly 'ZeroDivisionError: division by zero'
        $result.Results | Should -BeNullOrEmpty
    }

    It 'that fails is an error with name, value and traceback' {
        $output = $python | Invoke-SandboxCode "print('before')`n1 / 0" -ErrorAction SilentlyContinue -ErrorVariable failed
        $output | Should -BeExactly 'before'
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -BeExactly 'CodeFailed,Sandbox.Commands.InvokeSandboxCodeCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidResult'
        "$failed" | Should -Match 'ZeroDivisionError: division by zero'
        $failed[0].TargetObject.Name | Should -BeExactly 'ZeroDivisionError'
        $failed[0].TargetObject.Value | Should -BeExactly 'division by zero'
        $failed[0].TargetObject.Traceback -match '1 / 0' | Should -Not -BeNullOrEmpty
    }

    It 'shows standard error without an error record' {
        $python | Invoke-SandboxCode 'import sys; print("warned", file=sys.stderr); print("out")' -InformationVariable shown -InformationAction Ignore |
            Should -BeExactly 'out'
        "$shown" | Should -BeExactly 'warned'
        $shown.Tags | Should -Be 'PSHOST', 'StandardError'
    }

    It 'is interrupted by its timeout and keeps the context state' {
        $context = $box | New-SandboxCodeContext -TimeoutSeconds 60
        $context | Invoke-SandboxCode 'kept = 1'
        { $context | Invoke-SandboxCode 'while True: pass' -TimeoutSeconds 0.3 } |
            Should -Throw -ErrorId 'CommandTimedOut,Sandbox.Commands.InvokeSandboxCodeCommand'
        ($context | Invoke-SandboxCode 'while True: pass' -TimeoutSeconds ([timespan]::FromSeconds(0.3)) -AsResult).TimedOut | Should -BeTrue
        $context | Invoke-SandboxCode 'print(kept)' | Should -BeExactly '1'
    }

    It 'has the directory and variables of the named session' {
        $session = $box | New-SandboxSession -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build' }
        $session | Invoke-SandboxCode 'import os; print(os.getcwd(), os.environ["STAGE"])' | Should -BeExactly '/workspace/app build'
        $session | Invoke-SandboxCode 'import os; print(os.environ["STAGE"])' -Environment @{ STAGE = 'test' } | Should -BeExactly 'test'
    }

    It 'can have variables for one run, including secrets' {
        $show = 'import os; print(os.environ.get("A"), os.environ.get("B"))'
        $secret = ConvertTo-SecureString 'hidden' -AsPlainText
        $python | Invoke-SandboxCode $show -Environment @{ A = 'one'; B = $secret } | Should -BeExactly 'one hidden'
        $python | Invoke-SandboxCode $show | Should -BeExactly 'None None'
    }

    It 'reports an interpreter that exited and starts a new one' {
        $context = $box | New-SandboxCodeContext
        { $context | Invoke-SandboxCode 'import os; os.kill(os.getpid(), 9)' } | Should -Throw -ErrorId 'CodeFailed,*' -ExpectedMessage '*InterpreterEnded*'
        $context | Invoke-SandboxCode 'print(1)' -WarningVariable warned -WarningAction SilentlyContinue | Should -BeExactly '1'
        "$warned" | Should -Match 'runs in a new one'
    }

    It 'saves images to files and overwrites none' {
        $code = "class P:`n  def _repr_png_(self): return b'\x89PNG\r\n\x1a\n'`n  def _repr_svg_(self): return '<svg/>'`nP()"
        $files = 1..2 | ForEach-Object { $python | Invoke-SandboxCode $code -OutputDirectory $testHome/images } | ForEach-Object Files
        $files | Split-Path -Leaf | Sort-Object | Should -Be 'result-1.png', 'result-1.svg', 'result-2.png', 'result-2.svg'
        Get-Content -LiteralPath $files[0] -AsByteStream | Should -Be $png
        Get-Content -LiteralPath $files[1] | Should -BeExactly '<svg/>'
    }

    It 'returns a matplotlib figure as a complete PNG' -Skip:(-not $hasMatplotlib) {
        $code = "import matplotlib.pyplot as plt`nplt.plot([1, 2, 3]);`nplt.show()"
        $files = @($python | Invoke-SandboxCode $code -OutputDirectory $testHome/figures | ForEach-Object Files)
        $files | Should -HaveCount 1
        $bytes = [IO.File]::ReadAllBytes($files[0])
        $bytes[0..7] | Should -Be $png
        [Text.Encoding]::ASCII.GetString($bytes[-8..-5]) | Should -BeExactly 'IEND'
    }

    It 'can run in many contexts at once' {
        # Each waits for the others: run sequentially they would hang.
        $many = 0..5 | ForEach-Object { $box | New-SandboxCodeContext }
        $meet = "import os, time; open(f'met-{os.getpid()}', 'w').close()`nwhile len([n for n in os.listdir() if n.startswith('met-')]) < 6: time.sleep(0.01)"
        $many | Invoke-SandboxCode $meet
        $many | ForEach-Object { $_ | Invoke-SandboxCode 'print("usable")' } | Should -Be (@('usable') * 6)
        $many | Remove-SandboxCodeContext
    }

    It 'has contexts that can be found by id, pattern, language and sandbox, and removed' {
        $null = $box | New-SandboxCodeContext -Id find-a
        $null = $box | New-SandboxCodeContext js -Id find-b
        (Get-SandboxCodeContext find-* -Sandbox $box).Id | Should -Be 'find-a', 'find-b'
        (Get-SandboxCodeContext find-* -Language java* -Sandbox $box).Id | Should -BeExactly 'find-b'
        "$(Get-SandboxCodeContext "$box/find-a")" | Should -BeExactly "$box/find-a"
        $found = Get-SandboxCodeContext find-a -Sandbox *
        $found.Id | Should -BeExactly 'find-a'
        $found | Remove-SandboxCodeContext
        Remove-SandboxCodeContext find-b -Sandbox $box
        Get-SandboxCodeContext find-* -Sandbox $box | Should -BeNullOrEmpty
        { Get-SandboxCodeContext find-a -Sandbox $box } | Should -Throw -ErrorId 'ContextNotFound,Sandbox.Commands.GetSandboxCodeContextCommand'
        { Remove-SandboxCodeContext find-a -Sandbox $box } | Should -Throw -ErrorId 'ContextNotFound,*'
        { $found | Invoke-SandboxCode 1 } | Should -Throw -ErrorId 'ContextNotFound,*'
    }

    It 'can run in a deserialized context' {
        $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($python))
        $copy | Invoke-SandboxCode 'print(2)' | Should -BeExactly '2'
        Invoke-SandboxCode 'print(3)' -Context $copy | Should -BeExactly '3'
    }

    It 'is an error <Id>: <Script>' -ForEach @(
        @{ Script = { Invoke-SandboxCode -Sandbox $box }; Id = 'InvalidArgument' }
        @{ Script = { 'print(1)' | Invoke-SandboxCode 'print(2)' -Sandbox $box }; Id = 'InvalidArgument' }
        @{ Script = { Invoke-SandboxCode 1 -Context x -Language python -Sandbox $box }; Id = 'InvalidArgument' }
        @{ Script = { Invoke-SandboxCode -FilePath /no/such/file.py -Sandbox $box }; Id = 'InvalidArgument' }
        @{ Script = { $box | Invoke-SandboxCode 1 -Sandbox $box }; Id = 'TargetGivenTwice' }
        @{ Script = { $box | Invoke-SandboxCode }; Id = 'InvalidArgument' }
        @{ Script = { $null | Invoke-SandboxCode 1 }; Id = 'InvalidArgument' }
        @{ Script = { Invoke-SandboxCode 1 -Context nosuch -Sandbox $box }; Id = 'ContextNotFound' }
        @{ Script = { Invoke-SandboxCode 1 -Context other/x -Sandbox $box }; Id = 'SandboxMismatch' }
        @{ Script = { Invoke-SandboxCode 1 -Session nosuch -Sandbox $box }; Id = 'SessionNotFound' }
        @{ Script = { New-SandboxCodeContext klingon -Sandbox $box }; Id = 'LanguageNotAvailable' }
        @{ Script = { New-SandboxCodeContext -Id a/b -Sandbox $box }; Id = 'InvalidRequest' }
    ) {
        $Script | Should -Throw -ErrorId "$Id,*"
    }

    It 'is not run and has no context created with -WhatIf' {
        $own = New-Sandbox
        $null = $own | New-SandboxCodeContext -Id kept
        $own | New-SandboxCodeContext -Id never -WhatIf
        Remove-SandboxCodeContext kept -Sandbox $own -WhatIf
        $own | Invoke-SandboxCode "open('what-if', 'w').close()" -WhatIf
        (Get-SandboxCodeContext -Sandbox $own).Id | Should -BeExactly 'kept'
        Test-SandboxPath what-if -Sandbox $own | Should -BeFalse
    }

    It 'has no contexts in a stopped sandbox, which stays stopped' {
        $own = New-Sandbox
        $null = $own | New-SandboxCodeContext
        $own | Stop-Sandbox
        Get-SandboxCodeContext -Sandbox $own | Should -BeNullOrEmpty
        (Get-Sandbox $own.Id).State | Should -Be 'Stopped'
    }
}

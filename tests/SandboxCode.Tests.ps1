#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxCode' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $python = $box | New-SandboxCodeContext python
    }

    AfterAll {
        Remove-TestHome
    }

    It 'keeps the state of its context' {
        $python | Invoke-SandboxCode 'x = 20' | Should -BeNullOrEmpty
        $python | Invoke-SandboxCode 'print(x + 1)' | Should -BeExactly '21'
    }

    It 'writes printed lines, then the value of the last expression' {
        $printed, $value = $python | Invoke-SandboxCode "print('one')`n2"
        $printed | Should -BeExactly 'one'
        $value.Kind | Should -BeExactly 'result'
        "$value" | Should -BeExactly '2'
    }

    It 'runs JavaScript with await at the top' {
        Invoke-SandboxCode 'const os = await import("node:os"); console.log(typeof os.cpus)' -Language javascript -Sandbox $box | Should -BeExactly 'function'
        (Invoke-SandboxCode '[1, { a: 2 }]' -Language javascript -Sandbox $box).Json | ConvertFrom-Json | Select-Object -First 1 | Should -Be 1
    }

    It 'takes its code from the pipeline' {
        'for i in range(2):', '    print(i)' | Invoke-SandboxCode -Context $python | Should -Be '0', '1'
    }

    It 'gives one object with -AsResult' {
        $result = $python | Invoke-SandboxCode "print('before')`n1 / 0" -AsResult
        $result.Success | Should -BeFalse
        $result.StandardOutput | Should -BeExactly "before`n"
        $result.Error.Name | Should -BeExactly 'ZeroDivisionError'
        $result.Error.Value | Should -BeExactly 'division by zero'
        $result.Error.Traceback | Should -Not -BeNullOrEmpty
    }

    It 'is an error when it fails' {
        { $python | Invoke-SandboxCode '1 / 0' -ErrorAction Stop } | Should -Throw -ErrorId 'CodeFailed,Sandbox.Commands.InvokeSandboxCodeCommand'
    }

    It 'is interrupted by a time limit, and its context keeps its state' {
        $python | Invoke-SandboxCode 'kept = 1'
        { $python | Invoke-SandboxCode 'while True: pass' -TimeoutSeconds 0.5 -ErrorAction Stop } | Should -Throw -ErrorId 'CommandTimedOut,Sandbox.Commands.InvokeSandboxCodeCommand'
        $python | Invoke-SandboxCode 'print(kept)' | Should -BeExactly '1'
    }

    It 'has the directory and the variables of the session that is named' {
        $session = $box | New-SandboxSession -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build' }
        $session | Invoke-SandboxCode 'import os; print(os.getcwd(), os.environ["STAGE"])' | Should -BeExactly '/workspace/app build'
        $session | Invoke-SandboxCode 'import os; print(os.environ["STAGE"])' -Environment @{ STAGE = 'test' } | Should -BeExactly 'test'
    }

    It 'says so when an interpreter has ended' {
        $context = $box | New-SandboxCodeContext
        $context | Invoke-SandboxCode 'import os; os.kill(os.getpid(), 9)' -ErrorAction SilentlyContinue -ErrorVariable failed
        "$failed" | Should -Match 'InterpreterEnded'
        ($context | Invoke-SandboxCode '1' -AsResult).Restarted | Should -BeTrue
    }

    It 'runs in contexts that are listed, and removed' {
        $null = $box | New-SandboxCodeContext -Id listed
        (Get-SandboxCodeContext 'list*' -Sandbox $box).Language | Should -BeExactly 'python'
        Remove-SandboxCodeContext listed -Sandbox $box
        { Get-SandboxCodeContext listed -Sandbox $box -ErrorAction Stop } | Should -Throw -ErrorId 'ContextNotFound,Sandbox.Commands.GetSandboxCodeContextCommand'
    }
}

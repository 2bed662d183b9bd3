#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

# What a user reads when something fails.
Describe 'SandboxError' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    It 'describes the parameter in words: <Script>' -ForEach @(
        @{ Script = { New-Sandbox -MemoryLimit 1 }; Message = 'The memory limit is too low. The minimum is 33554432 bytes.' }
        @{ Script = { New-Sandbox -ProcessLimit 1 }; Message = 'The process limit is too low.*' }
        @{ Script = { New-Sandbox -CpuLimit 0.005 }; Message = 'The CPU limit is 0.005. It must be 0.01 to 10000.' }
        @{ Script = { New-Sandbox -DiskLimit 1MB }; Message = 'The disk limit cannot be enforced on this host.*' }
        @{ Script = { New-Sandbox -SleepAfterSeconds 5 }; Message = 'This server does not support stopping a sandbox that is idle.*' }
        @{ Script = { New-Sandbox -Image debian }; Message = 'This server does not support images.*' }
        @{ Script = { New-Sandbox -Engine nosuch }; Message = "This server does not support the engine 'nosuch'.*" }
        @{ Script = { New-Sandbox -Retention @{ BytesPerCommand = 1 } }; Message = '1 bytes of output per command are too few to keep. Use at least 65536.' }
        @{ Script = { New-Sandbox -Retention @{ Commands = -1 } }; Message = 'The limits of what is kept must not be negative.' }
        @{ Script = { New-SandboxSession -CommandTimeoutSeconds 300000000 -Sandbox $box }; Message = 'A time limit of 300000000 s is out of range.*' }
        @{ Script = { Invoke-SandboxCommand true -TimeoutSeconds 300000000 -Sandbox $box }; Message = 'A time limit of 300000000 s is out of range.*' }
        @{ Script = { Start-SandboxProcess true -TimeoutSeconds 300000000 -Sandbox $box }; Message = 'A time limit of 300000000 s is out of range.*' }
        @{ Script = { Invoke-SandboxCode 1 -TimeoutSeconds 300000000 -Sandbox $box }; Message = 'A time limit of 300000000 s is out of range.*' }
        @{ Script = { New-SandboxCodeContext -TimeoutSeconds 300000000 -Sandbox $box }; Message = 'A time limit of 300000000 s is out of range.*' }
        @{ Script = { Start-SandboxProcess 'sleep 600' -Sandbox $box | Send-SandboxProcessInput x }; Message = '* was started without open input, so it accepts no input.' }
        @{ Script = { Import-SandboxRepository https://localhost/x.git -Branch 'a..b' -Sandbox $box }; Message = "'a..b' is not a valid branch name." }
        @{ Script = { Import-SandboxRepository https://localhost/x.git -Tag '-x y' -Sandbox $box }; Message = "'-x y' is not a valid tag name." }
        @{ Script = { Import-SandboxRepository https://localhost/x.git -Commit xyz -Sandbox $box }; Message = "'xyz' is not the hash of a commit*" }
    ) {
        $problem = $Script | Should -Throw -PassThru
        $problem.Exception.Message | Should -BeLikeExactly $Message
        $problem.Exception.Message | Should -Not -MatchExactly 'limits\.|Bytes\b|sleepAfter|stdin|imeout_?[mM]s|''(image|engine|branch|tag|commit)'''
    }

    It 'says what can be done about it: <Script>' -ForEach @(
        @{ Script = { Get-Sandbox nosuch }; Action = '*Get-Sandbox*' }
        @{ Script = { Get-SandboxItem nosuch -Sandbox $box }; Action = 'Check the path.*' }
        @{ Script = { Get-SandboxEnv NOSUCH -Sandbox $box }; Action = '*Get-SandboxEnv*' }
        @{ Script = { Invoke-SandboxCommand 'sleep 600' -TimeoutSeconds 0.1 -Sandbox $box }; Action = '*-TimeoutSeconds*' }
    ) {
        $problem = $Script | Should -Throw -PassThru
        $problem.ErrorDetails.Message | Should -BeExactly $problem.Exception.Message
        $problem.ErrorDetails.RecommendedAction | Should -BeLikeExactly $Action
    }
}

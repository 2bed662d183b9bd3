#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxPort' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1

        # A sandbox for each test, because each sandbox has its own network namespace.
        function Start-WebServer($Sandbox, [int] $Port) {
            $process = $Sandbox | Start-SandboxProcess "exec python3 -m http.server $Port --bind 127.0.0.1" -WorkingDirectory /workspace
            $null = $process | Wait-SandboxProcess -Port $Port
            $process
        }
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $box = New-Sandbox -Network None
    }

    AfterEach {
        Get-SandboxPort | Disconnect-SandboxPort
        $box | Get-Sandbox -ErrorAction Ignore | Remove-Sandbox
    }

    Context 'connected to a web server' {
        BeforeEach {
            $box | Set-SandboxContent /workspace/page.txt found
            $server = Start-WebServer $box 8000
        }

        It 'can be reached in a sandbox without network' {
            $port = $box | Connect-SandboxPort 8000
            $port.Port | Should -Be 8000
            $port.SandboxId | Should -BeExactly $box.Id
            $port.Uri | Should -BeExactly "http://127.0.0.1:$($port.LocalPort)/"
            Invoke-RestMethod "$($port.Uri)page.txt" -NoProxy | Should -Match 'found'
        }

        It 'is closed by Disconnect-SandboxPort' {
            $port = $box | Connect-SandboxPort 8000
            $port | Disconnect-SandboxPort
            { Invoke-RestMethod $port.Uri -NoProxy } | Should -Throw
            { Get-SandboxPort $port.LocalPort } | Should -Throw -ErrorId 'PortForwardNotFound,*'
            $box | Get-SandboxPort | Should -BeNullOrEmpty
        }

        It 'can have a given local port' {
            # Another program may take the free port in between, so try again.
            foreach ($attempt in 1..20) {
                $free = ($box | Connect-SandboxPort 8000).LocalPort
                Disconnect-SandboxPort $free
                try {
                    $port = $box | Connect-SandboxPort 8000 -LocalPort $free
                    break
                }
                catch {
                    $_.FullyQualifiedErrorId | Should -BeLike 'LocalPortUnavailable,*'
                }
            }

            $port.LocalPort | Should -Be $free
            Invoke-RestMethod "$($port.Uri)page.txt" -NoProxy | Should -Match 'found'
        }

        It 'cannot have a local port in use' {
            $taken = [Net.Sockets.TcpListener]::new([Net.IPAddress]::Loopback, 0)
            $taken.Start()
            try {
                $number = $taken.LocalEndpoint.Port
                $box | Connect-SandboxPort 8000 -LocalPort $number -ErrorAction SilentlyContinue -ErrorVariable failure
                $failure.FullyQualifiedErrorId | Should -BeLike 'LocalPortUnavailable,*'
                $failure.TargetObject | Should -Be $number
            }
            finally {
                $taken.Dispose()
            }

            $own = ($box | Connect-SandboxPort 8000).LocalPort
            { $box | Connect-SandboxPort 8000 -LocalPort $own } | Should -Throw -ErrorId 'LocalPortUnavailable,*'
        }

        It 'can be found by local port, by port and by sandbox' {
            $one = $box | New-SandboxSession | Connect-SandboxPort 8000
            $null = $box | Connect-SandboxPort 8000
            (Get-SandboxPort -Sandbox $box).Count | Should -Be 2
            ($box | Get-SandboxPort -Port 8000).Count | Should -Be 2
            (Get-SandboxPort -Sandbox "$($box.Id.Substring(0, 4))*").Count | Should -Be 2
            $box | Get-SandboxPort -Port 8001 | Should -BeNullOrEmpty
            (Get-SandboxPort $one.LocalPort).Uri | Should -BeExactly $one.Uri
            ($one.LocalPort | Get-SandboxPort).Uri | Should -BeExactly $one.Uri
        }

        It 'can be found and disconnected as a deserialized object' {
            $one, $two = 1..2 | ForEach-Object { $box | Connect-SandboxPort 8000 }
            $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($one))
            ($copy | Get-SandboxPort).Uri | Should -BeExactly $one.Uri
            $copy | Disconnect-SandboxPort
            ($box | Get-SandboxPort).Uri | Should -BeExactly $two.Uri
        }

        It 'is not changed with -WhatIf' {
            $port = $box | Connect-SandboxPort 8000
            $box | Connect-SandboxPort 8000 -WhatIf
            $port | Disconnect-SandboxPort -WhatIf
            ($box | Get-SandboxPort).Uri | Should -BeExactly $port.Uri
        }

        It 'reports why a connection failed' {
            $port = $box | Connect-SandboxPort 8000
            $server | Stop-SandboxProcess
            Wait-Until { -not ($box | Get-SandboxProcess -State Running) } 'the web server has ended'
            { Invoke-RestMethod $port.Uri -NoProxy } | Should -Throw
            ($port | Get-SandboxPort).LastError | Should -BeLike '*listens on port 8000*'
        }

        It 'is closed with its sandbox' {
            $port = $box | Connect-SandboxPort 8000
            $box | Remove-Sandbox
            { Invoke-RestMethod $port.Uri -NoProxy } | Should -Throw
            Wait-Until { -not (Get-SandboxPort -Port 8000) } 'the forward is gone'
        }

        It 'can be completed' {
            $port = $box | Connect-SandboxPort 8000
            $line = "Connect-SandboxPort -Sandbox $($box.Id) -Port 80"
            Wait-Until { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText -contains '8000' } 'the port is offered'
            $line = 'Disconnect-SandboxPort '
            (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Contain "$($port.LocalPort)"
        }
    }

    Context 'of a process' {
        It 'is waited for, and is closed with a message when the process exits' {
            $process = $box | Start-SandboxProcess 'exec python3 -m http.server 8010 --bind 127.0.0.1' -Id web
            $port = $process | Connect-SandboxPort 8010
            $port.ProcessId | Should -BeExactly 'web'
            Invoke-RestMethod $port.Uri -NoProxy | Should -Match 'Directory listing'
            $process | Stop-SandboxProcess
            Wait-Until { -not (Get-SandboxPort -Port 8010) } 'the forward is gone'
            { Invoke-RestMethod $port.Uri -NoProxy } | Should -Throw
            $message = "*has ended: The process '$($box.Id)/web' was terminated by signal TERM."
            { $port | Get-SandboxPort } | Should -Throw -ErrorId 'PortForwardNotFound,*' -ExpectedMessage $message
            { $port | Disconnect-SandboxPort } | Should -Throw -ErrorId 'PortForwardNotFound,*' -ExpectedMessage $message
        }

        It 'is closed when the sandbox is stopped, and does not start it' {
            $port = Start-WebServer $box 8000 | Connect-SandboxPort 8000
            $box | Stop-Sandbox
            Wait-Until { -not (Get-SandboxPort -Sandbox $box) } 'the forward is gone'
            { $port | Get-SandboxPort } | Should -Throw -ExpectedMessage '*was stopped.'
            ($box | Get-Sandbox).State | Should -Be 'Stopped'
        }

        It 'can be named by id, pattern, object and deserialized object' {
            $process = $box | Start-SandboxProcess 'exec python3 -m http.server 8000 --bind 127.0.0.1' -Id named
            $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($process))
            (Connect-SandboxPort 8000 -Process named -Sandbox $box).ProcessId | Should -Be 'named'
            (Connect-SandboxPort 8000 -Process "$($box.Id)/name*").ProcessId | Should -Be 'named'
            (Connect-SandboxPort 8000 -Process $process).ProcessId | Should -Be 'named'
            ($copy | Connect-SandboxPort 8000).ProcessId | Should -Be 'named'

            # Text from the pipeline is always a session id.
            { 'named' | Connect-SandboxPort 8000 -Sandbox $box } | Should -Throw -ErrorId 'SessionNotFound,*'
        }

        It 'is an error when the process exits, times out or is unknown' {
            { $box | Start-SandboxProcess 'echo will not; exit 4' | Connect-SandboxPort 8014 } |
                Should -Throw -ErrorId 'ProcessEnded,*' -ExpectedMessage "*exited with code 4 while waiting for port 8014. Its last lines: `nwill not*"
            $process = $box | Start-SandboxProcess 'sleep infinity'
            { $process | Connect-SandboxPort 8014 -TimeoutSeconds 0.2 } | Should -Throw -ErrorId 'WaitTimedOut,*'
            { Connect-SandboxPort 8014 -Process nosuch -Sandbox $box } | Should -Throw -ErrorId 'ProcessNotFound,*'
            $process | Connect-SandboxPort 8014 -WhatIf
            Get-SandboxPort | Should -BeNullOrEmpty
        }
    }

    It 'refuses connections without a listener' {
        $box | Connect-SandboxPort 8001 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.FullyQualifiedErrorId | Should -BeLike 'PortNotListening,*'
        $failure.CategoryInfo.Category | Should -Be 'ResourceUnavailable'
        $failure.TargetObject | Should -Be "$($box.Id):8001"
        $box | Get-SandboxPort | Should -BeNullOrEmpty
    }

    It 'is an error with invalid arguments: <Script>' -ForEach @(
        @{ Script = 'Connect-SandboxPort 0 -Sandbox $box'; ErrorId = 'ParameterArgumentValidationError' }
        @{ Script = 'Connect-SandboxPort 70000 -Sandbox $box'; ErrorId = 'ParameterArgumentValidationError' }
        @{ Script = 'Connect-SandboxPort 8000 -LocalPort 70000 -Sandbox $box'; ErrorId = 'ParameterArgumentValidationError' }
        @{ Script = 'Connect-SandboxPort 8000, 8001 -LocalPort 9000 -Sandbox $box'; ErrorId = 'InvalidArgument' }
        @{ Script = 'Connect-SandboxPort 8000 -Sandbox nosuch'; ErrorId = 'SandboxNotFound' }
        @{ Script = 'Connect-SandboxPort 8000 -Sandbox $box -Session nosuch'; ErrorId = 'SessionNotFound' }
        @{ Script = 'Get-SandboxPort 1'; ErrorId = 'PortForwardNotFound' }
        @{ Script = 'Disconnect-SandboxPort 1'; ErrorId = 'PortForwardNotFound' }
        @{ Script = 'Disconnect-SandboxPort x'; ErrorId = 'ParameterArgumentTransformationError' }
    ) {
        { Invoke-Expression $Script } | Should -Throw -ErrorId "$ErrorId,*"
    }
}

#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxPort' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox -Network None
        $box | Invoke-SandboxCommand 'echo found > page.txt'
        New-SandboxSession -Sandbox $box | Invoke-SandboxCommand 'setsid python3 -m http.server 8000 --bind 127.0.0.1 >/dev/null 2>&1 & until (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null; do sleep 0.05; done'
    }

    AfterAll {
        Get-SandboxPort | Disconnect-SandboxPort
        Remove-TestHome
    }

    It 'reaches a web server in a sandbox without network' {
        $port = $box | Connect-SandboxPort 8000
        $port.Port | Should -Be 8000
        $port.SandboxId | Should -BeExactly $box.Id
        Invoke-RestMethod "$($port.Uri)page.txt" | Should -Match 'found'
    }

    It 'takes a local port of the user''s choice' {
        $free = ($box | Connect-SandboxPort 8000).LocalPort
        Disconnect-SandboxPort $free
        ($box | Connect-SandboxPort 8000 -LocalPort $free).LocalPort | Should -Be $free
        $box | Connect-SandboxPort 8000 -LocalPort $free -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -Match '^LocalPortUnavailable,'
    }

    It 'is found by local port, port and sandbox, and is gone when it is disconnected' {
        $port = $box | Connect-SandboxPort 8000
        (Get-SandboxPort $port.LocalPort).Uri | Should -BeExactly $port.Uri
        ($box | Get-SandboxPort -Port 8000).LocalPort | Should -Contain $port.LocalPort
        $port | Disconnect-SandboxPort
        { Get-SandboxPort $port.LocalPort -ErrorAction Stop } | Should -Throw -ErrorId 'PortForwardNotFound,*'
    }

    It 'waits for a process, ends with it, and says so' {
        $process = $box | Start-SandboxProcess 'sleep 0.2; exec python3 -m http.server 8010 --bind 127.0.0.1'
        $port = $process | Connect-SandboxPort 8010 -TimeoutSeconds 30
        Invoke-RestMethod "$($port.Uri)page.txt" | Should -Match 'found'
        $process | Stop-SandboxProcess
        for ($left = 100; $left -gt 0 -and (Get-SandboxPort -Port 8010); $left--) { Start-Sleep -Milliseconds 50 }
        { Get-SandboxPort $port.LocalPort -ErrorAction Stop } | Should -Throw -ExpectedMessage '*ended by the signal TERM*'
    }

    It 'is refused where nobody listens, and where there is no such port' {
        $box | Connect-SandboxPort 8001 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -Match '^PortNotListening,'
        { Connect-SandboxPort 70000 -Sandbox $box } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }
}

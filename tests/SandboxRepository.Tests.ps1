#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxRepository' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox

        # Created by the git in the sandbox, so that nothing depends on the git of this machine.
        $box |
            Invoke-SandboxCommand 'mkdir /workspace/from && cd /workspace/from && git init -q -b main r && cd r && echo 1 > f && git add f &&
                git -c user.name=a -c user.email=a@b commit -q -m 1 && git tag v1 && git branch side && cd .. && git clone -q --bare r r.git'
        $repository = '/workspace/from/r.git'
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $directory = "/workspace/$([guid]::NewGuid())"
        $session = $box | New-SandboxSession -WorkingDirectory $directory
    }

    AfterEach {
        $session | Remove-SandboxSession
    }

    It 'can be imported and returns its properties' {
        $imported = $session | Import-SandboxRepository "file://$repository"
        $imported.SandboxPath | Should -BeExactly "$directory/r"
        $imported.Uri | Should -BeExactly "file://$repository"
        $imported.Branch | Should -BeExactly 'main'
        $imported.Commit | Should -Match '^[0-9a-f]{40}$'
        $imported.SandboxId | Should -BeExactly $box.Id
        $session | Get-SandboxContent r/f | Should -Be '1'
    }

    It 'is imported into the workspace by default' {
        ($box | Import-SandboxRepository $repository).SandboxPath | Should -BeExactly '/workspace/r'
    }

    It 'can be a branch, without its history, from a relative path' {
        $imported = $session | Import-SandboxRepository ../from/r.git -Branch side -Depth 1
        $imported.SandboxPath | Should -BeExactly "$directory/r"
        $imported.Branch | Should -BeExactly 'side'
    }

    It 'is an error: <Arguments>' -ForEach @(
        @{ Arguments = 'file:///workspace/none'; ErrorId = 'RepositoryNotFound' }
        @{ Arguments = "'-v'"; ErrorId = 'RepositoryNotFound' }
        @{ Arguments = '$repository -Branch none'; ErrorId = 'BranchNotFound' }
        @{ Arguments = '$repository -Tag none'; ErrorId = 'BranchNotFound' }
        @{ Arguments = '$repository ../from/r.git'; ErrorId = 'PathExists' }
        @{ Arguments = 'http://127.0.0.1:1/r.git'; ErrorId = 'NetworkUnreachable' }
        @{ Arguments = '$repository -Credential ([pscredential]::new("me", (ConvertTo-SecureString x -AsPlainText -Force)))'; ErrorId = 'InvalidRequest' }
    ) {
        { Invoke-Expression "Import-SandboxRepository $Arguments -Session `$session" } | Should -Throw -ErrorId "$ErrorId,*"
        $session | Get-SandboxChildItem -Force | Should -BeNullOrEmpty
    }

    It 'is an error with an unknown session' {
        { Import-SandboxRepository $repository -Session nosuch -Sandbox $box } | Should -Throw -ErrorId 'SessionNotFound,*'
    }

    It 'is not imported with -WhatIf' {
        $session | Import-SandboxRepository $repository -WhatIf | Should -BeNullOrEmpty
        $session | Get-SandboxChildItem -Force | Should -BeNullOrEmpty
    }

    It 'does not show its password in errors and verbose lines' {
        $silent = @{ ErrorAction = 'SilentlyContinue'; WarningAction = 'SilentlyContinue' }
        $shown = $session | Import-SandboxRepository http://me:hush@127.0.0.1:1/r.git -Verbose -ErrorVariable failure @silent 4>&1
        $failure.FullyQualifiedErrorId | Should -BeLike 'NetworkUnreachable,*'
        "$failure $($failure.TargetObject)" | Should -Not -Match 'hush'
        "$shown" | Should -Not -BeNullOrEmpty
        "$shown" | Should -Not -Match 'hush'
    }
}

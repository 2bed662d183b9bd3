#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxDrive' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $session = $box | New-SandboxSession -WorkingDirectory /workspace/work
        $null = New-PSDrive -Name box -PSProvider Sandbox -Root / -Session $session
    }

    AfterAll {
        Remove-PSDrive -Name box
        Remove-TestHome
    }

    BeforeEach {
        $session | Invoke-SandboxCommand 'rm -rf /workspace/work/*; cd /workspace/work'
        Push-Location box:/workspace/work
    }

    AfterEach {
        Pop-Location
    }

    It 'lists, with hidden names on -Force alone' {
        $session | Invoke-SandboxCommand 'mkdir -p a/b; touch f.txt .hidden a/b/deep.txt'
        (Get-ChildItem).Name | Should -Be 'a', 'f.txt'
        (Get-ChildItem -Force).Name | Should -Contain '.hidden'
        (Get-ChildItem -Recurse -Filter *.txt).FullName | Should -Be '/workspace/work/a/b/deep.txt', '/workspace/work/f.txt'
        (Get-ChildItem box:/workspace/work/*.txt).Name | Should -Be 'f.txt'
        (Get-ChildItem -Name) | Should -Be 'a', 'f.txt'
    }

    It 'writes and reads content' {
        Set-Content f one, two
        Add-Content f three
        Get-Content f | Should -Be 'one', 'two', 'three'
        Get-Content f -Raw | Should -BeExactly "one`ntwo`nthree`n"
        Get-Content f -TotalCount 1 | Should -Be 'one'
        Set-Content bytes -Value ([byte[]] (0, 255, 10)) -AsByteStream
        Get-Content bytes -AsByteStream | Should -Be 0, 255, 10
        $session | Get-SandboxContent f | Should -Be 'one', 'two', 'three'
    }

    It 'waits for what is added' {
        Set-Content log first
        $null = Start-SandboxProcess 'n=0; while sleep 0.2; do echo $((n += 1)) >> /workspace/work/log; done' -Id writer -Sandbox $box
        try {
            Get-Content log -Wait | Select-Object -First 3 | Should -Be 'first', '1', '2'
        }
        finally {
            Stop-SandboxProcess writer -Sandbox $box
        }
    }

    It 'makes, copies, moves, renames and removes' {
        (New-Item dir -ItemType Directory).Type | Should -Be Directory
        $null = New-Item file -Value text
        Copy-Item file dir
        Move-Item file moved
        Rename-Item moved renamed
        (Get-ChildItem -Recurse -File).FullName | Should -Be '/workspace/work/dir/file', '/workspace/work/renamed'
        Remove-Item dir -Recurse
        Test-Path dir | Should -BeFalse
        Test-Path renamed | Should -BeTrue
        Remove-Item renamed -WhatIf
        Test-Path renamed | Should -BeTrue
    }

    It 'never takes an item for one of this machine' {
        $session | Invoke-SandboxCommand 'touch f'
        Push-Location $testHome
        try {
            Get-ChildItem box:/workspace/work | Remove-Item
        }
        finally {
            Pop-Location
        }

        Get-ChildItem | Should -BeNullOrEmpty
    }

    It 'completes paths' {
        $session | Invoke-SandboxCommand 'touch alpha alps'
        $line = 'Get-Content box:/workspace/work/al'
        (TabExpansion2 $line $line.Length).CompletionMatches.ListItemText | Should -Be 'alpha', 'alps'
    }

    It 'whose sandbox is gone says so and can be removed' {
        $other = New-Sandbox
        $null = New-PSDrive -Name gone -PSProvider Sandbox -Root /workspace -Sandbox $other
        $other | Remove-Sandbox -Confirm:$false
        { Get-ChildItem gone:/ } | Should -Throw -ErrorId 'SandboxNotFound*' -ExpectedMessage "*$($other.Id)*"
        Remove-PSDrive -Name gone
        Get-PSDrive -PSProvider Sandbox -Name gone -ErrorAction Ignore | Should -BeNullOrEmpty
    }
}

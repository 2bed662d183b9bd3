#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxItem' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
    }

    AfterAll {
        Remove-TestHome
    }

    BeforeEach {
        $session = $box | New-SandboxSession -WorkingDirectory "/workspace/$([guid]::NewGuid())"
    }

    It 'is made, found, listed and removed' {
        $null = $session | New-SandboxItem -Path folder/below -ItemType Directory
        $session | Set-SandboxContent -Path folder/file -Value text
        ($session | Get-SandboxChildItem -Path folder).Name | Should -Be 'below', 'file'
        ($session | Get-SandboxItem -Path folder/file).Length | Should -Be 5
        { $session | Remove-SandboxItem -Path folder -ErrorAction Stop } | Should -Throw -ErrorId 'DirectoryNotEmpty,Sandbox.Commands.RemoveSandboxItemCommand'
        $session | Remove-SandboxItem -Path folder -Recurse
        $session | Test-SandboxPath -Path folder | Should -BeFalse
    }

    It 'is found by wildcards inside, and taken as it is with -LiteralPath' {
        'a1', 'a2', '[a]' | ForEach-Object { Set-SandboxContent -LiteralPath $_ -Value $_ -Session $session }
        ($session | Get-SandboxItem -Path 'a*').Name | Should -Be 'a1', 'a2'
        $session | Get-SandboxContent -LiteralPath '[a]' | Should -BeExactly '[a]'
        $session | Get-SandboxItem -Path 'none*' -ErrorAction Stop | Should -BeNullOrEmpty
        { $session | Get-SandboxItem -Path none -ErrorAction Stop } | Should -Throw -ErrorId 'PathNotFound,Sandbox.Commands.GetSandboxItemCommand'
    }

    It 'is piped on and carries its sandbox' {
        'a', 'b' | ForEach-Object { Set-SandboxContent -Path $_ -Value $_ -Session $session }
        $session | Get-SandboxChildItem | Get-SandboxContent | Should -Be 'a', 'b'
        $session | Get-SandboxChildItem | Remove-SandboxItem
        $session | Get-SandboxChildItem | Should -BeNullOrEmpty
    }

    It 'is moved into a folder that exists, and overwrites only with -Force' {
        $null = $session | New-SandboxItem -Path folder -ItemType Directory
        'a', 'b' | ForEach-Object { Set-SandboxContent -Path $_ -Value $_ -Session $session }
        ($session | Move-SandboxItem -Path a -Destination folder -PassThru).Name | Should -Be 'a'
        $session | Test-SandboxPath -Path folder/a | Should -BeTrue
        { $session | Rename-SandboxItem -Path folder/a -NewName '../b' -ErrorAction Stop } | Should -Throw
        { $session | Move-SandboxItem -Path folder/a -Destination b -ErrorAction Stop } | Should -Throw -ErrorId 'PathExists,Sandbox.Commands.MoveSandboxItemCommand'
        $session | Move-SandboxItem -Path folder/a -Destination b -Force
        $session | Get-SandboxContent -Path b | Should -BeExactly 'a'
    }

    It 'is copied in and out, with all that is in it' {
        $tree = New-Item -ItemType Directory -Path "$TestDrive/tree/below"
        Set-Content -LiteralPath "$tree/file" -Value 'copied'
        Copy-SandboxItem -Path "$TestDrive/tree" -Destination into -ToSession $session -Recurse -Checksum
        $session | Get-SandboxContent -Path into/below/file | Should -BeExactly 'copied'
        Copy-SandboxItem -Path into -Destination "$TestDrive/back" -FromSession $session -Recurse -Checksum
        Get-Content -LiteralPath "$TestDrive/back/below/file" | Should -BeExactly 'copied'
    }

    It 'is copied from a pipeline of files' {
        'x', 'y' | ForEach-Object { Set-Content -LiteralPath "$TestDrive/$_.txt" -Value $_ }
        Get-ChildItem -Path "$TestDrive/*.txt" | Copy-SandboxItem -ToSession $session
        ($session | Get-SandboxChildItem).Name | Should -Be 'x.txt', 'y.txt'
    }

    It 'has content of any encoding, of which the end can be read' {
        $session | Set-SandboxContent -Path file -Value 'ä', 'b', 'c' -Encoding unicode
        $session | Get-SandboxContent -Path file -Encoding unicode -Tail 2 | Should -Be 'b', 'c'
        $session | Get-SandboxContent -Path file -Encoding unicode -TotalCount 1 | Should -BeExactly 'ä'
        $session | Get-SandboxContent -Path file -AsByteStream -Raw | Should -Be ([byte[]](0xff, 0xfe, 0xe4, 0, 10, 0, 98, 0, 10, 0, 99, 0, 10, 0))
    }

    It 'is watched' {
        $change = Watch-SandboxItem -Session $session -Verbose 4>&1 | ForEach-Object {
            if ($_ -is [System.Management.Automation.VerboseRecord]) {
                if ($_.Message -like 'Watching*') {
                    Set-SandboxContent -Path seen -Value x -Session $session
                }
            }
            else {
                $_
            }
        } | Select-Object -First 1
        $change.SandboxPath | Should -BeLike '*/seen'
        $change.Type | Should -Be 'Created'
    }

    It 'stays as it is with -WhatIf' {
        Set-SandboxContent -Path file -Value old -Session $session
        Set-SandboxContent -Path file -Value new -Session $session -WhatIf
        $session | Remove-SandboxItem -Path file -WhatIf
        $session | Get-SandboxContent -Path file | Should -BeExactly 'old'
    }
}

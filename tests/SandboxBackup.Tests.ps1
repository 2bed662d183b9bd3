#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'A backup of a sandbox' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1

        function Get-Tree($Sandbox) {
            $Sandbox | Invoke-SandboxCommand "cd /workspace && find . -mindepth 1 -printf '%P %y %m %l\n' | sort"
        }
    }

    AfterAll {
        Remove-TestHome
    }

    # A sandbox for each test, because its whole workspace is saved.
    BeforeEach {
        $box = New-Sandbox
        $here = (New-Item -ItemType Directory -Path "$TestDrive/$([guid]::NewGuid())").FullName
    }

    AfterEach {
        $box | Remove-Sandbox
    }

    It 'can be saved and restored as <Name>' -ForEach @(
        @{ Name = 'w.tar'; Magic = 'ustar'; At = 257 }
        @{ Name = 'w.tar.gz'; Magic = "`u{1f}"; At = 0 }
        @{ Name = 'w.TGZ'; Magic = "`u{1f}"; At = 0 }
        @{ Name = 'w.tar.br'; Magic = ''; At = 0 }
    ) {
        $box |
            Invoke-SandboxCommand 'cd /workspace && mkdir -p a/b .hidden && printf x > "a/b/with space" && printf y > .hidden/f &&
                ln -s b a/link && chmod 750 a/b && touch -d 2001-02-03T04:05:06Z a/b'
        $before = Get-Tree $box
        $before | Should -Contain 'a/b d 750 '
        (Backup-Sandbox $box $here/$Name).Name | Should -BeExactly $Name
        [Text.Encoding]::Latin1.GetString([IO.File]::ReadAllBytes("$here/$Name"), $At, $Magic.Length) | Should -BeExactly $Magic
        (Get-ChildItem $here -Force).Name | Should -BeExactly $Name
        $box | Invoke-SandboxCommand 'cd /workspace && rm -rf a && echo new > later'
        Restore-Sandbox $box $here/$Name
        Get-Tree $box | Should -BeExactly $before
        ($box | Get-SandboxItem /workspace/a/b).LastWriteTime | Should -Be ([DateTimeOffset] '2001-02-03T04:05:06Z')
    }

    It 'can be of one path, with exclusions, and restored to another path' {
        $box | Invoke-SandboxCommand 'mkdir -p /workspace/p/c /workspace/p/d; cd /workspace/p; touch a b c/kept x.log c/y.log d/z'
        $null = Backup-Sandbox $box $here/p.tar.gz -Path /workspace/p -Exclude *.log, d/z, d
        Restore-Sandbox $box $here/p.tar.gz -DestinationPath /workspace/new/q
        ($box | Get-SandboxChildItem /workspace/new/q -Recurse).SandboxPath |
            Should -Be '/workspace/new/q/a', '/workspace/new/q/b', '/workspace/new/q/c', '/workspace/new/q/c/kept'
    }

    It 'keeps the holes of files, and names the sockets that it leaves out' {
        $box | Invoke-SandboxCommand 'cd /workspace && truncate -s 200M holes && echo end >> holes &&
            python3 -c "import socket; socket.socket(socket.AF_UNIX).bind(\"a.sock\")"'
        $file = Backup-Sandbox $box $here/w.tar -WarningAction SilentlyContinue -WarningVariable warnings
        "$warnings" | Should -BeLike "*Sockets*'a.sock'*"
        $file.Length | Should -BeLessThan 1MB
        Restore-Sandbox $box $here/w.tar
        $box | Invoke-SandboxCommand 'cd /workspace && stat -c %s holes && [ $(stat -c %b holes) -lt 1000 ] && tail -c 4 holes' | Should -Be '209715204', 'end'
        (Get-SandboxChildItem -Sandbox $box).Name | Should -Be 'holes'
    }

    It 'of GNU tar with holes can be restored' {
        bash -c 'cd "$1" && mkdir t && truncate -s 10M t/holes && echo end >> t/holes && tar --sparse --format=posix -C t -cf posix.tar . && tar --sparse --format=gnu -C t -cf gnu.tar .' - $here
        Restore-Sandbox $box $here/posix.tar
        $box | Invoke-SandboxCommand 'cd /workspace && find . -type f && sha256sum < holes' |
            Should -Be './holes', "$((Get-FileHash "$here/t/holes").Hash.ToLower())  -"
        { Restore-Sandbox $box $here/gnu.tar } | Should -Throw -ErrorId 'InvalidArchive,*'
        $box | Invoke-SandboxCommand 'cd /workspace && find . -type f' | Should -Be './holes'
    }

    It 'can be merged into existing files with -Merge' {
        $box | Invoke-SandboxCommand 'touch /workspace/a /workspace/b'
        $null = Backup-Sandbox $box $here/w.tar
        $box | Invoke-SandboxCommand 'rm /workspace/a; touch /workspace/other'
        Restore-Sandbox $box $here/w.tar -Merge
        ($box | Get-SandboxChildItem /workspace).Name | Should -Be 'a', 'b', 'other'
    }

    It 'of several sandboxes needs a directory as destination' {
        $null = New-Sandbox heap1, heap2
        (Backup-Sandbox heap? $here).Name | Sort-Object | Should -Be 'heap1.tar.gz', 'heap2.tar.gz'
        { Get-Sandbox heap? | Backup-Sandbox -DestinationPath $here/one.tar -Force } | Should -Throw -ErrorId 'PathExists,*'
        { Backup-Sandbox heap1 $here } | Should -Throw -ErrorId 'PathExists,*'
        (Backup-Sandbox heap1 $here -Force).Name | Should -Be 'heap1.tar.gz'
    }

    It 'is an error with invalid arguments: <Script>' -ForEach @(
        @{ Script = 'Backup-Sandbox $box $here/w.zip'; ErrorId = 'InvalidArgument' }
        @{ Script = 'Backup-Sandbox nobody $here/w.tar'; ErrorId = 'SandboxNotFound' }
        @{ Script = 'Backup-Sandbox $box $here/w.tar -Path /workspace/none'; ErrorId = 'PathNotFound' }
        @{ Script = 'Backup-Sandbox $box $here/w.tar -Path /workspace/file'; ErrorId = 'NotADirectory' }
        @{ Script = 'Backup-Sandbox $box $here/none/w.tar'; ErrorId = 'LocalFileFailed' }
        @{ Script = 'Restore-Sandbox $box $here/none.tar'; ErrorId = 'PathNotFound' }
    ) {
        $null = $box | New-SandboxItem /workspace/file
        { Invoke-Expression $Script } | Should -Throw -ErrorId "$ErrorId,*"
        Get-ChildItem $here -Force | Should -BeNullOrEmpty
    }

    It 'names the valid file extensions when another is given' {
        { Restore-Sandbox $box $here/w.zip } | Should -Throw -ExpectedMessage '*.tar.gz*'
    }

    It 'is not saved with -WhatIf' {
        Backup-Sandbox $box $here/w.tar -WhatIf | Should -BeNullOrEmpty
        Get-ChildItem $here -Force | Should -BeNullOrEmpty
    }

    It 'is complete or an error that names the unreadable file' {
        $box | Invoke-SandboxCommand 'cd /workspace; echo 1 > a; echo 2 > b; chmod 0 b'
        { Backup-Sandbox $box $here/w.tar } | Should -Throw -ErrorId 'PermissionDenied,*' -ExpectedMessage '*/workspace/b*'
        Get-ChildItem $here -Force | Should -BeNullOrEmpty
    }

    It 'can be exchanged with tar' {
        bash -c 'cd "$1" && mkdir -p t/d && printf "from tar" > t/d/f && tar -czf theirs.tar.gz -C t .' - $here
        Restore-Sandbox $box $here/theirs.tar.gz
        $box | Get-SandboxContent /workspace/d/f | Should -Be 'from tar'
        $null = Backup-Sandbox $box $here/ours.tgz
        tar -xzOf $here/ours.tgz ./d/f | Should -Be 'from tar'
    }
}

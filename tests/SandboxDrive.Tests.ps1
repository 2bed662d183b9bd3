#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxDrive' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $null = New-PSDrive -Name box -PSProvider Sandbox -Root / -Sandbox $box
    }

    AfterAll {
        Remove-PSDrive -Name box
        Remove-TestHome
    }

    BeforeEach {
        $directory = "/workspace/$([guid]::NewGuid())"
        $session = $box | New-SandboxSession -WorkingDirectory $directory
        Push-Location "box:$directory"
    }

    AfterEach {
        Pop-Location
        $session | Remove-SandboxSession
    }

    Context 'listing' {
        It 'shows hidden names with -Force only' {
            $session | Invoke-SandboxCommand "mkdir a; touch .hidden a/deep.txt f.txt 'with space' '[x]' back-tick"
            (Get-ChildItem).Name | Should -Be '[x]', 'a', 'back-tick', 'f.txt', 'with space'
            (Get-ChildItem -Force).Name | Should -Be '.hidden', '[x]', 'a', 'back-tick', 'f.txt', 'with space'
        }

        It 'can include subdirectories with -Recurse' {
            $session | Invoke-SandboxCommand 'mkdir -p a/b; touch f.txt a/b/deep.txt'
            (Get-ChildItem -Recurse).FullName | Should -Be "$directory/a", "$directory/a/b", "$directory/a/b/deep.txt", "$directory/f.txt"
            (Get-ChildItem -Recurse -Depth 1).Name | Should -Be 'a', 'b', 'f.txt'
        }

        It 'can be names only' {
            $session | Invoke-SandboxCommand 'mkdir a; touch f.txt a/deep.txt a/deep.md .hidden'
            Get-ChildItem -Name | Should -Be 'a', 'f.txt'
            Get-ChildItem -Name -Recurse -Filter *.txt | Should -Be 'f.txt', 'a/deep.txt'
        }

        It 'can be requested from the provider by a script' {
            $session | Invoke-SandboxCommand 'touch f.txt g.txt'
            $ExecutionContext.InvokeProvider.Item.Get("box:$directory/f.txt").Name | Should -BeExactly 'f.txt'
            $ExecutionContext.InvokeProvider.ChildItem.Get("box:$directory", $false).Name | Should -Be 'f.txt', 'g.txt'
        }

        It 'distinguishes directories from files' {
            $session | Invoke-SandboxCommand 'mkdir a; touch f'
            (Get-Item a).PSIsContainer | Should -BeTrue
            (Get-Item f).PSIsContainer | Should -BeFalse
        }

        It 'can be filtered by <Switches> like local files' -ForEach @(
            @{ Switches = '-File'; Names = 'f.txt', 'lf' }
            @{ Switches = '-Directory'; Names = 'a', 'la' }
            @{ Switches = '-Hidden'; Names = '.h', '.hf' }
            @{ Switches = '-Hidden -File'; Names = '.hf' }
            @{ Switches = '-File -Force'; Names = '.hf', 'f.txt', 'lf' }
            @{ Switches = '-Name -File'; Names = 'f.txt', 'lf' }
            @{ Switches = '* -Directory'; Names = 'a', 'la' }
            @{ Switches = '-Recurse -File'; Names = 'f.txt', 'g.md', 'g.txt', 'lf' }
            @{ Switches = '-Recurse -Directory'; Names = 'a', 'b', 'la' }
            @{ Switches = '-Recurse -Hidden'; Names = '.h', '.hf' }
            @{ Switches = '-Recurse -File -Filter *.txt'; Names = 'f.txt', 'g.txt' }
            @{ Switches = 'f.txt -Directory'; Names = 'f.txt' }
        ) {
            $make = 'mkdir -p a/b .h; touch f.txt .hf a/g.txt a/b/g.md; ln -s a la; ln -s f.txt lf'
            $session | Invoke-SandboxCommand $make
            $local = New-Item -ItemType Directory -Path "$TestDrive/$([guid]::NewGuid())"
            Invoke-Expression "Get-ChildItem $Switches" | ForEach-Object { $_.Name ?? $_ } | Sort-Object | Should -Be $Names
            Push-Location $local
            try {
                bash -c $make
                Invoke-Expression "Get-ChildItem $Switches" | ForEach-Object { $_.Name ?? $_ } | Sort-Object | Should -Be $Names
            }
            finally {
                Pop-Location
            }
        }

        It 'does not follow links with <Arguments>' -ForEach @(
            @{ Arguments = '. -Recurse -Include *.txt'; Names = 'x.txt' }
            @{ Arguments = '. -Recurse -Exclude *.txt'; Names = 'again', 'circle', 'sub' }
            @{ Arguments = 'again -Recurse -Include *.txt'; Names = 'x.txt' }
            @{ Arguments = '. -Recurse -Filter *.txt'; Names = 'x.txt' }
            @{ Arguments = '. -Recurse -File -Include *.txt'; Names = 'x.txt' }
            @{ Arguments = '. -Recurse -File -Exclude *.md'; Names = 'x.txt' }
            @{ Arguments = '. -Recurse -Directory -Include s*'; Names = 'sub' }
            @{ Arguments = '. -Recurse -Filter *.txt -Exclude y*'; Names = 'x.txt' }
        ) {
            $session | Invoke-SandboxCommand 'mkdir sub; touch sub/x.txt; ln -s . circle; ln -s sub again'
            (Invoke-Expression "Get-ChildItem $Arguments").Name | Sort-Object | Should -Be $Names
        }
    }

    Context 'paths' {
        It 'can be wildcards, or literal with -LiteralPath' {
            $session | Invoke-SandboxCommand "touch a.txt b.txt c.md '[x]'"
            (Get-Item *.txt).Name | Should -Be 'a.txt', 'b.txt'
            (Get-Item '[ab].txt').Name | Should -Be 'a.txt', 'b.txt'
            (Get-ChildItem "box:$directory/*.txt").Name | Should -Be 'a.txt', 'b.txt'
            (Get-Item -LiteralPath '[x]').Name | Should -Be '[x]'
        }

        It 'that are literal can be written and removed' {
            Set-Content -LiteralPath 'x [1]' text
            Set-Content -LiteralPath 'z [2]' text
            Remove-Item -LiteralPath 'z [2]'
            (Get-ChildItem).Name | Should -Be 'x [1]'
            Get-Content -LiteralPath 'x [1]' | Should -Be 'text'
        }

        It 'can be relative to the location' {
            $session | Invoke-SandboxCommand 'mkdir sub; touch sub/f'
            Set-Location sub
            (Get-Location).Path | Should -Be "box:$directory/sub"
            (Get-ChildItem).Name | Should -Be 'f'
            Set-Location box:/
            (Get-Location).Path | Should -Be 'box:/'
            Test-Path "..$directory/sub/../sub/f" | Should -BeTrue
        }

        It 'of items resolve to the same items' {
            Set-Content f 1
            Set-Content g 2
            $items = Get-ChildItem
            $items.PSChildName | Should -Be 'f', 'g'
            Get-Content -LiteralPath $items[0].PSPath | Should -Be '1'
            Remove-Item -LiteralPath $items[0].PSPath
            (Get-ChildItem).Name | Should -Be 'g'
        }

        It 'are never resolved as local paths' {
            Set-Content f text
            (Get-Item f).PSObject.Properties['Path'] | Should -BeNullOrEmpty
            Push-Location $testHome
            try {
                Get-ChildItem "box:$directory" | Remove-Item
            }
            finally {
                Pop-Location
            }

            Get-ChildItem | Should -BeNullOrEmpty
        }

        It 'can be completed' {
            $session | Invoke-SandboxCommand 'touch alpha alps'
            $line = "Get-Content box:$directory/al"
            (TabExpansion2 $line $line.Length).CompletionMatches.ListItemText | Should -Be 'alpha', 'alps'
        }
    }

    Context 'content' {
        It 'can be written, appended to and read' {
            Set-Content f one, two
            Add-Content f three
            Get-Content f | Should -Be 'one', 'two', 'three'
            Get-Content f -Raw | Should -BeExactly "one`ntwo`nthree`n"
            Get-Content f -TotalCount 1 | Should -Be 'one'
            (Get-Content f -ReadCount 2)[0] | Should -Be 'one', 'two'
            $session | Get-SandboxContent f | Should -Be 'one', 'two', 'three'
        }

        It 'can be bytes, as one array with -Raw like local files' {
            Set-Content bytes -Value ([byte[]] (0, 255, 10)) -AsByteStream
            Get-Content bytes -AsByteStream | Should -Be 0, 255, 10
            Set-Content $TestDrive/bytes -Value ([byte[]] (0, 255, 10)) -AsByteStream
            foreach ($path in 'bytes', "$TestDrive/bytes") {
                $read = @(Get-Content $path -AsByteStream -Raw)
                $read.Count | Should -Be 1
                $read[0].GetType() | Should -Be ([byte[]])
                $read[0] | Should -Be 0, 255, 10
            }
        }

        It 'can be cleared' {
            Set-Content f text
            Clear-Content f
            (Get-Item f).Length | Should -Be 0
        }

        It 'can be followed while it grows' {
            Set-Content log first
            $next = @{ first = 'second'; second = 'third' }
            Get-Content log -Wait | ForEach-Object {
                $_
                if ($next[$_]) {
                    $session | Set-SandboxContent log $next[$_] -Append
                }
            } | Select-Object -First 3 | Should -Be 'first', 'second', 'third'
        }

        It 'is kept when it cannot be written' {
            $session | Invoke-SandboxCommand 'mkdir shut; echo old > shut/file; chmod 555 shut'
            { Set-Content shut/file new } | Should -Throw -ErrorId 'PermissionDenied,*'
            { Add-Content shut new } | Should -Throw -ErrorId 'IsADirectory,*'
            Set-Content shut/file new -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -BeLike 'PermissionDenied,*'
            Get-Content shut/file | Should -Be 'old'
        }
    }

    Context 'items' {
        It 'can be created' {
            $file = New-Item new -Value hello
            "$($file.Name) $($file.Length) $($file.Type)" | Should -Be 'new 5 File'
            Get-Content new -Raw | Should -BeExactly 'hello'
            (New-Item dir -ItemType Directory).Type | Should -Be Directory
            (New-Item link -ItemType SymbolicLink -Value new).LinkTarget | Should -Be 'new'
        }

        It 'cannot be created over an existing one or with an unknown type' {
            $null = New-Item taken
            { New-Item taken } | Should -Throw -ErrorId 'PathExists,*'
            { New-Item pipe -ItemType Fifo } | Should -Throw -ErrorId 'InvalidArgument,*'
        }

        It 'can be copied, moved, renamed and removed' {
            $null = New-Item dir -ItemType Directory
            $null = New-Item file -Value text
            Copy-Item file dir
            Move-Item file moved
            Rename-Item moved renamed
            (Get-ChildItem -Recurse -File).FullName | Should -Be "$directory/dir/file", "$directory/renamed"
            Get-Content renamed -Raw | Should -BeExactly 'text'
            Remove-Item dir -Recurse
            Test-Path dir | Should -BeFalse
            (Get-ChildItem).Name | Should -Be 'renamed'
        }

        It 'are not changed with -WhatIf' {
            Set-Content file old
            Remove-Item file -WhatIf
            Set-Content file new -WhatIf
            Get-Content file | Should -Be 'old'
        }

        It 'are updated at once when a command creates or removes them' {
            Test-Path f | Should -BeFalse
            $session | Invoke-SandboxCommand 'touch f'
            Test-Path f | Should -BeTrue
            (Get-Item f*).Name | Should -Be 'f'
            $session | Remove-SandboxItem f
            Test-Path f | Should -BeFalse
            Get-Item f* | Should -BeNullOrEmpty
        }

        It 'can be piped to Copy-SandboxItem' {
            Set-Content g 2
            Get-Item g | Copy-SandboxItem -Destination "$directory/h"
            Get-Content h | Should -Be '2'
        }
    }

    Context 'roots' {
        It 'can be subdirectories' {
            $session | Invoke-SandboxCommand 'mkdir low; touch low/f'
            $null = New-PSDrive -Name low -PSProvider Sandbox -Root "$directory/low" -Sandbox $box
            (Get-PSDrive low).Root | Should -Be "low$directory/low"
            (Get-ChildItem low:/).Name | Should -Be 'f'
            Test-Path low:/f | Should -BeTrue
            Set-Content -LiteralPath 'low:/low [1]' text
            (Get-ChildItem low).Name | Should -Be 'f', 'low [1]'
        }

        It 'can be relative to the location in a sandbox or to the session''s directory' {
            $session | Invoke-SandboxCommand 'mkdir -p low sub/low; touch low/f sub/low/g'
            Push-Location sub
            $null = New-PSDrive -Name here -PSProvider Sandbox -Root low -Session $session
            Pop-Location
            (Get-ChildItem here:/).FullName | Should -Be "$directory/sub/low/g"
            Push-Location $testHome
            $null = New-PSDrive -Name there -PSProvider Sandbox -Root low -Session $session
            Pop-Location
            (Get-ChildItem there:/).FullName | Should -Be "$directory/low/f"
        }

        It 'must be existing directories' {
            { New-PSDrive -Name none -PSProvider Sandbox -Root "$directory/none" -Sandbox $box } | Should -Throw -ErrorId 'PathNotFound,*'
            Set-Content f text
            { New-PSDrive -Name none -PSProvider Sandbox -Root "$directory/f" -Sandbox $box } | Should -Throw -ErrorId 'NotADirectory,*'
        }
    }

    It 'shows the default sandbox when none is named' {
        Set-Content f text
        $null = Connect-SandboxServer -DefaultSandbox $box.Id
        try {
            $null = New-PSDrive -Name implied -PSProvider Sandbox -Root $directory
        }
        finally {
            Disconnect-SandboxServer
        }

        (Get-PSDrive implied).SandboxId | Should -BeExactly $box.Id
        (Get-ChildItem implied:/).Name | Should -Be 'f'
    }

    Context 'of a removed sandbox' {
        BeforeAll {
            $gone = New-Sandbox
            $null = New-PSDrive -Name gone -PSProvider Sandbox -Root / -Sandbox $gone
            $gone | Remove-Sandbox
        }

        It 'is an error: <_>' -ForEach @(
            'Get-ChildItem gone:/'
            'Get-ChildItem gone:/ -Recurse'
            'Get-ChildItem gone:/ -Name'
            'Get-ChildItem gone:/ -File'
            'Get-ChildItem gone:/*.txt'
            'Get-ChildItem gone:/*.txt -File'
            'Get-ChildItem gone:/ -Recurse -Include x'
            'Get-Item gone:/x'
            'Get-Item gone:/*.txt'
            'Get-Content gone:/x'
            'Set-Content gone:/x text'
            'New-Item gone:/x'
            'Remove-Item gone:/x'
            'Remove-Item gone:/*.txt'
            'Copy-Item gone:/x gone:/y'
            'Move-Item gone:/x gone:/y'
            'Set-Location gone:/'
            'Test-Path gone:/x'
        ) {
            { Invoke-Expression $_ } | Should -Throw -ErrorId 'SandboxNotFound*' -ExpectedMessage "*$($gone.Id)*"
        }

        It 'is one error when the script continues: <_>' -ForEach @(
            'Get-Content gone:/x'
            'Set-Content gone:/x text'
            'Get-ChildItem gone:/*.txt'
        ) {
            try {
                Invoke-Expression "$_ -ErrorAction SilentlyContinue -ErrorVariable failure"
            }
            catch {
                $failure = $_
            }

            $failure.FullyQualifiedErrorId | Should -BeLike 'SandboxNotFound*'
        }

        It 'has no paths' {
            Test-Path gone:/ -ErrorAction Ignore | Should -BeFalse
        }

        It 'can be removed' {
            $null = New-PSDrive -Name leaving -PSProvider Sandbox -Root / -Sandbox (New-Sandbox -OutVariable leaving)
            $leaving | Remove-Sandbox
            Remove-PSDrive -Name leaving
            Get-PSDrive -PSProvider Sandbox -Name leaving -ErrorAction Ignore | Should -BeNullOrEmpty
        }
    }
}

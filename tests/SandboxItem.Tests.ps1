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
        $directory = "/workspace/$([guid]::NewGuid())"
        $session = $box | New-SandboxSession -WorkingDirectory $directory
    }

    AfterEach {
        $session | Remove-SandboxSession
    }

    Context 'created' {
        It 'can be a file, a directory or a link' {
            $null = $session | New-SandboxItem a/b -ItemType Directory
            $null = $session | New-SandboxItem a/f -Value text
            $null = $session | New-SandboxItem a/l -ItemType SymbolicLink -Value f
            $session | Get-SandboxChildItem a | ForEach-Object { "$($_.Type) $($_.Name)" } | Should -Be 'Directory b', 'File f', 'Link l'
            $session | Get-SandboxContent a/f -Raw | Should -BeExactly 'text'
        }

        It 'has properties that describe it' {
            $null = $session | New-SandboxItem f -Value hello
            $null = $session | New-SandboxItem l -ItemType SymbolicLink -Value f
            $file = $session | Get-SandboxItem f
            $file.SandboxPath | Should -BeExactly "$directory/f"
            $file.Length | Should -Be 5
            "$file" | Should -BeExactly "$($box.Id):$directory/f"
            $link = $session | Get-SandboxItem l
            $link.Name | Should -BeExactly 'l'
            $link.LinkTarget | Should -BeExactly 'f'
            $link.LinkTargetType | Should -Be 'File'
            $link.UnixMode | Should -BeExactly 'lrwxrwxrwx'
            $link.SandboxId | Should -BeExactly $box.Id
        }

        It 'is an error when it exists or its directory is missing' {
            $null = $session | New-SandboxItem a/f -Force
            { $session | New-SandboxItem a/f } | Should -Throw -ErrorId 'PathExists,Sandbox.Commands.NewSandboxItemCommand'
            { $session | New-SandboxItem a -ItemType Directory } | Should -Throw -ErrorId 'PathExists,Sandbox.Commands.NewSandboxItemCommand'
            { $session | New-SandboxItem none/f } | Should -Throw -ErrorId 'PathNotFound,Sandbox.Commands.NewSandboxItemCommand'
        }

        It 'returns the existing one and creates directories with -Force' {
            $null = $session | New-SandboxItem a -ItemType Directory
            ($session | New-SandboxItem a -ItemType Directory -Force).Name | Should -Be 'a'
            ($session | New-SandboxItem made/f -Force).SandboxPath | Should -Be "$directory/made/f"
        }
    }

    Context 'found' {
        BeforeEach {
            'a1.txt', 'a2.txt', 'b.md', '[a]', '.a' | ForEach-Object { Set-SandboxContent -LiteralPath $_ $_ -Session $session }
        }

        It 'can be matched by <Pattern>' -ForEach @(
            @{ Pattern = 'a*.txt'; Names = 'a1.txt', 'a2.txt' }
            @{ Pattern = '[ab]*'; Names = 'a1.txt', 'a2.txt', 'b.md' }
            @{ Pattern = '`[a`]'; Names = '[a]' }
            @{ Pattern = '.*'; Names = '.a' }
        ) {
            ($session | Get-SandboxItem $Pattern).Name | Should -Be $Names
            ($session | Get-SandboxChildItem $Pattern).Name | Should -Be $Names
        }

        It 'can be found by a literal path with -LiteralPath' {
            (Get-SandboxItem -LiteralPath '[a]' -Session $session).Name | Should -Be '[a]'
        }

        It 'can be listed with hidden names by -Force, and by a filter' {
            ($session | Get-SandboxChildItem).Name | Should -Be '[a]', 'a1.txt', 'a2.txt', 'b.md'
            ($session | Get-SandboxChildItem -Force).Name | Should -Be '.a', '[a]', 'a1.txt', 'a2.txt', 'b.md'
            ($session | Get-SandboxChildItem -Filter *.txt).Name | Should -Be 'a1.txt', 'a2.txt'
        }

        It 'is listed by -Directory and -File as Get-ChildItem lists it here: a link to a directory is a directory' {
            $session | Invoke-SandboxCommand 'mkdir -p k/d; touch k/f; ln -s d k/dl; ln -s f k/fl; ln -s none k/nl'
            $null = New-Item -ItemType Directory "$TestDrive/k/d"
            bash -c 'cd "$1"; touch f; ln -s d dl; ln -s f fl; ln -s none nl' - "$TestDrive/k"
            foreach ($switches in @{ Directory = $true }, @{ File = $true }, @{ Directory = $true; File = $true }) {
                ($session | Get-SandboxChildItem k @switches).Name | Should -Be (Get-ChildItem "$TestDrive/k" @switches | Sort-Object Name).Name
            }
        }

        It 'is not listed when -Exclude or -ExcludeFrom matches it' {
            $session | Invoke-SandboxCommand 'mkdir -p node_modules/x src/node_modules; touch src/f src/f.log'
            ($session | Get-SandboxChildItem -Recurse -Exclude node_modules, '*.log', '/a?.txt').Name | Should -Be '[a]', 'b.md', 'src', 'f'
            ($session | Get-SandboxChildItem '*' -Recurse -Exclude node_modules, 'src/f', '*.*').Name | Should -Be '[a]', 'src'
            Set-Content "$TestDrive/ignore" '*', '!b.md'
            ($session | Get-SandboxChildItem -Recurse -ExcludeFrom "$TestDrive/ignore").Name | Should -Be 'b.md'
        }

        It 'is nothing for a wildcard without a match, and an error for a name' {
            $session | Get-SandboxItem 'none*' | Should -BeNullOrEmpty
            $session | Remove-SandboxItem 'none*'
            { $session | Get-SandboxItem none } | Should -Throw -ErrorId 'PathNotFound,Sandbox.Commands.GetSandboxItemCommand'
            $session | Get-SandboxItem none -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        }

        It 'can be removed by a wildcard' {
            $session | Remove-SandboxItem 'a*'
            ($session | Get-SandboxChildItem -Force).Name | Should -Be '.a', '[a]', 'b.md'
        }

        It 'is an error in an unknown sandbox: <_>' -ForEach 'Get-SandboxItem x -Sandbox nosuch', 'Test-SandboxPath x -Sandbox nosuch' {
            { Invoke-Expression $_ } | Should -Throw -ErrorId 'SandboxNotFound,*'
        }

        It 'is an error with an unknown session or an invalid name' {
            { Get-SandboxChildItem -Session nosuch -Sandbox $box } | Should -Throw -ErrorId 'SessionNotFound,*'
            { Test-SandboxPath -LiteralPath "a`0b" -Sandbox $box } | Should -Throw -ErrorId 'InvalidRequest,*'
        }

        It 'is listed even if a subdirectory cannot be read' {
            $session | Invoke-SandboxCommand 'mkdir -p t/closed t/open; touch t/open/f; chmod 0 t/closed'
            ($session | Get-SandboxChildItem t -Recurse -ErrorAction SilentlyContinue -ErrorVariable failure).Name | Should -Be 'closed', 'open', 'f'
            $failure.FullyQualifiedErrorId | Should -Be 'PermissionDenied,Sandbox.Commands.GetSandboxChildItemCommand'
            $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
        }
    }

    Context 'named <Title>' -ForEach @(
        @{ Title = 'with a space'; Name = 'with space' }
        @{ Title = 'with a line break'; Name = "line`nbreak" }
        @{ Title = 'with a tab'; Name = "tab`there" }
        @{ Title = 'with the marks of shells'; Name = '`[x]$y''"' }
        @{ Title = 'with an emoji'; Name = "`u{1F389}" }
        @{ Title = 'like an option'; Name = '-rf' }
    ) {
        It 'can be written, listed, renamed and read' {
            Set-SandboxContent -LiteralPath $Name text -Session $session
            $item = $session | Get-SandboxChildItem
            $item.Name | Should -BeExactly $Name
            $item | Rename-SandboxItem -NewName plain -PassThru | Get-SandboxContent | Should -Be 'text'
        }
    }

    It 'can be listed, read and removed when its name is not UTF-8' {
        $session | Invoke-SandboxCommand 'printf bytes > $''\xff.txt'''
        $item = $session | Get-SandboxChildItem
        [int] $item.Name[0] | Should -Be 0xdcff
        $item.Name.Substring(1) | Should -Be '.txt'
        $item | Get-SandboxContent | Should -Be 'bytes'
        $item | Remove-SandboxItem
        $session | Get-SandboxChildItem | Should -BeNullOrEmpty
    }

    Context 'piped' {
        It 'keeps its sandbox' {
            'x', 'y' | ForEach-Object { Set-SandboxContent $_ "content of $_" -Session $session }
            $session | Get-SandboxChildItem | Get-SandboxContent | Should -Be 'content of x', 'content of y'
            $null = $session | New-SandboxItem backup -ItemType Directory
            ($session | Get-SandboxChildItem -File | Move-SandboxItem -Destination "$directory/backup" -PassThru).SandboxPath |
                Should -Be "$directory/backup/x", "$directory/backup/y"
            $session | Get-SandboxChildItem backup | Remove-SandboxItem
            $session | Get-SandboxChildItem backup | Should -BeNullOrEmpty
        }

        It 'keeps its sandbox after deserialization' {
            Set-SandboxContent f text -Session $session
            $copy = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize(($session | Get-SandboxItem f)))
            $copy | Get-SandboxContent | Should -Be 'text'
        }

        It 'can be an empty pipeline' {
            $session | Get-SandboxChildItem | Remove-SandboxItem
        }

        It 'can be sessions and sandboxes with a path relative to their directory' {
            $null = $session | New-SandboxItem here -Value hello
            ($session | Get-SandboxItem here).SandboxPath | Should -Be "$directory/here"
            ($session | Get-SandboxChildItem).Name | Should -Be 'here'
            $session | Test-SandboxPath here | Should -BeTrue
            $box | Test-SandboxPath here | Should -BeFalse
        }
    }

    Context 'moved, renamed or removed' {
        BeforeEach {
            'a', 'b' | ForEach-Object { Set-SandboxContent $_ "content of $_" -Session $session }
            $null = $session | New-SandboxItem d -ItemType Directory
        }

        It 'can be moved into an existing directory' {
            ($session | Move-SandboxItem a d -PassThru).SandboxPath | Should -Be "$directory/d/a"
            { $session | Move-SandboxItem b none/ } | Should -Throw -ErrorId 'PathNotFound,*'
        }

        It 'replaces another with -Force only' {
            { $session | Rename-SandboxItem a b } | Should -Throw -ErrorId 'PathExists,Sandbox.Commands.RenameSandboxItemCommand'
            { $session | Move-SandboxItem a b } | Should -Throw -ErrorId 'PathExists,Sandbox.Commands.MoveSandboxItemCommand'
            $session | Move-SandboxItem a b -Force
            $session | Get-SandboxContent b | Should -Be 'content of a'
        }

        It 'is renamed to a name, not to a path' {
            { $session | Rename-SandboxItem a x/y } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
            { $session | Rename-SandboxItem a ../b } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
            { $session | Rename-SandboxItem 'a [x]' new } | Should -Throw -ErrorId 'PathNotFound,*'
            $session | Rename-SandboxItem a new
            $session | Get-SandboxContent new | Should -Be 'content of a'
        }

        It 'is removed with its content by -Recurse only' {
            $session | Set-SandboxContent d/f text
            $session | Remove-SandboxItem d -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.FullyQualifiedErrorId | Should -Be 'DirectoryNotEmpty,Sandbox.Commands.RemoveSandboxItemCommand'
            $failure.TargetObject | Should -Be 'd'
            $failure.Exception.Message | Should -BeExactly "'$directory/d' is a directory that is not empty."
            $failure.ErrorDetails.RecommendedAction | Should -BeLike '*Remove-SandboxItem -Recurse*'
            $session | Remove-SandboxItem d -Recurse
            $session | Test-SandboxPath d, a | Should -Be $false, $true
        }

        It 'that is missing is named in the error, or its directory' {
            { $session | Move-SandboxItem none other } | Should -Throw -ExpectedMessage "'$directory/none' does not exist."
            { $session | Move-SandboxItem a no/f } | Should -Throw -ExpectedMessage "The directory '$directory/no' does not exist."
            { $session | Set-SandboxContent no/f x } | Should -Throw -ExpectedMessage "The directory '$directory/no' does not exist."
            { $session | New-SandboxItem no/f } | Should -Throw -ExpectedMessage "The directory '$directory/no' does not exist."
        }

        It 'is not changed with -WhatIf' {
            $session | Set-SandboxContent a new -WhatIf
            $session | Remove-SandboxItem a -WhatIf
            $session | Move-SandboxItem a g -WhatIf
            $session | Rename-SandboxItem a g -WhatIf
            $session | New-SandboxItem g -WhatIf
            Copy-SandboxItem a g -WhatIf -FromSession $session -ToSession $session
            Copy-SandboxItem /etc/hostname "$directory/g" -WhatIf -ToSession $session
            ($session | Get-SandboxChildItem).Name | Should -Be 'a', 'b', 'd'
            $session | Get-SandboxContent a | Should -Be 'content of a'
        }
    }

    Context 'copied' {
        BeforeEach {
            $here = (New-Item -ItemType Directory -Path "$TestDrive/$([guid]::NewGuid())").FullName

            # All of a tree that a copy keeps; times to 100 nanoseconds, which is what .NET has.
            function Get-Fingerprint([string] $Path) {
                bash -c 'cd "$1" && { find . -printf "%P %y %m %T@ %l\0" | sed -z "s/\(\.[0-9]\{7\}\)[0-9]* /\1 /"; find . -type f -exec sha256sum -z {} +; } | sort -z | tr "\n\0" "?\n"' - $Path
            }
        }

        It 'keeps bytes, mode and time of a file both ways' {
            $bytes = [byte[]]::new(3000000)
            [Random]::Shared.NextBytes($bytes)
            [IO.File]::WriteAllBytes("$here/a file", $bytes)
            chmod 700 "$here/a file"
            touch -d 2001-02-03T04:05:06Z "$here/a file"
            $item = Copy-SandboxItem "$here/a file" . -ToSession $session -Checksum -PassThru
            "$($item.SandboxPath) $($item.Mode)" | Should -Be "$directory/a file 0700"
            $back = Copy-SandboxItem 'a file' "$here/back" -FromSession $session -Checksum -PassThru
            $back.FullName | Should -Be "$here/back"
            (Get-Item "$here/back").UnixMode | Should -Be '-rwx------'
            $back.LastWriteTimeUtc | Should -Be ([datetime] '2001-02-03T04:05:06Z').ToUniversalTime()
            (Get-FileHash "$here/back").Hash | Should -Be (Get-FileHash "$here/a file").Hash
        }

        It 'keeps links, modes, times and unusual names of a tree both ways' {
            bash -c 'cd "$1" && mkdir -p tree/{deep/er,empty,many,.hidden} && cd tree && echo x > deep/er/f && ln -s er deep/link && ln -s none broken &&
                touch -h -d 2002-03-04T05:06:07Z broken deep/link && echo "#!" > run && chmod 755 run && chmod 500 run .hidden &&
                touch -d 2001-02-03T04:05:06.789Z deep/er/f && touch "$(printf "line\nbreak")" "with space" ./-rf "[x]" 🎉 "$(printf "n%.0s" {1..255})" &&
                for i in {1..2000}; do printf "%$((i % 1500))s" "" > many/$i; done' - $here
            Copy-SandboxItem "$here/tree" into -ToSession $session -Recurse -Checksum
            Copy-SandboxItem into "$here/back" -FromSession $session -Recurse -Checksum
            Get-Fingerprint "$here/back" | Should -BeExactly (Get-Fingerprint "$here/tree")
        }

        It 'omits what -Exclude names' {
            bash -c 'cd "$1" && mkdir -p tree/{bin,src/bin} && touch tree/bin/a tree/src/f tree/src/f.log tree/src/bin/b' - $here
            Copy-SandboxItem "$here/tree" into -ToSession $session -Recurse -Exclude bin, *.log
            ($session | Get-SandboxChildItem into -Recurse).Name | Should -Be 'src', 'f'
        }

        It 'omits the same of sources by <Title>, in and out' -ForEach @(
            @{ Title = 'directory'; Get = { param($top) , @("$top/proj") } }
            @{ Title = 'wildcard'; Get = { param($top) , @("$top/proj/*") } }
            @{ Title = 'list'; Get = { param($top) 'a.log', 'node_modules', 'src', 'readme', '.env' | ForEach-Object { "$top/proj/$_" } } }
        ) {
            bash -c 'cd "$1" && mkdir -p proj/{node_modules,src/sub} && cd proj && touch a.log node_modules/x src/f.log src/.env src/sub/.env .env src/secret.txt src/f src/SECRET.txt readme' - $here
            $null = New-Item -ItemType Directory -Path "$here/out"
            $session | Invoke-SandboxCommand 'mkdir in back'
            $exclude = 'node_modules', '*.log', '**/.env', 'src/secret.txt'
            Copy-SandboxItem -Path (& $Get $here) in -ToSession $session -Recurse -Force -Exclude $exclude -WarningVariable warnings
            $names = $session | Invoke-SandboxCommand '(cd in && find . -type f | sort)'
            $names | Should -Be './readme', './src/SECRET.txt', './src/f'
            "$warnings" | Should -BeNullOrEmpty
            Copy-SandboxItem "$here/proj" all -ToSession $session -Recurse
            $session | Invoke-SandboxCommand 'mkdir top; mv all top/proj'
            Copy-SandboxItem -Path (& $Get top) "$here/out" -FromSession $session -Recurse -Force -Exclude $exclude -WarningVariable warnings
            bash -c 'cd "$1/out" && find . -type f | sort' - $here | Should -Be './readme', './src/SECRET.txt', './src/f'
            Copy-SandboxItem -Path (& $Get top) back -FromSession $session -ToSession $session -Recurse -Force -Exclude $exclude
            $session | Invoke-SandboxCommand '(cd back && find . -type f | sort)' | Should -Be './readme', './src/SECRET.txt', './src/f'
            "$warnings" | Should -BeNullOrEmpty
        }

        It 'omits what -Exclude names from the pipeline, too' {
            bash -c 'cd "$1" && mkdir -p proj/{node_modules,src} && touch proj/a.log proj/node_modules/x proj/src/{f,f.log,secret.txt}' - $here
            Get-ChildItem "$here/proj" | Copy-SandboxItem -ToSession $session -Recurse -Exclude node_modules, *.log, src/secret.txt
            ($session | Get-SandboxChildItem -Recurse).Name | Should -Be 'src', 'f'
        }

        It 'reads -ExcludeFrom as git reads .gitignore' {
            bash -c 'cd "$1" && mkdir -p tree/{bin,src/bin} && touch tree/bin/a tree/src/{f,f.log,keep.log} tree/src/bin/b tree/bin2' - $here
            Set-Content "$here/ignore" "# comment`n`n/bin/`n*.log   `n!keep.log`n"
            Copy-SandboxItem "$here/tree" into -ToSession $session -Recurse -ExcludeFrom "$here/ignore" -WarningVariable warnings
            $session | Invoke-SandboxCommand '(cd into && find . -type f | sort)' | Should -Be './bin2', './src/bin/b', './src/f', './src/keep.log'
            Copy-SandboxItem into "$here/out" -FromSession $session -Recurse -ExcludeFrom "$here/ignore" -Exclude 'bin2' -WarningAction SilentlyContinue
            (Get-ChildItem "$here/out" -Recurse -File).Name | Sort-Object | Should -Be 'b', 'f', 'keep.log'
            "$warnings" | Should -BeNullOrEmpty
            { Copy-SandboxItem "$here/tree" none -ToSession $session -Recurse -ExcludeFrom "$here/none" } | Should -Throw -ErrorId 'PathNotFound,*'
            $session | Test-SandboxPath none | Should -BeFalse
        }

        It 'warns of a pattern that matched nothing: <_>' -ForEach 'src\secret.txt', '/tmp/x', 'SECRET.TXT', '*.nothing' {
            bash -c 'cd "$1" && mkdir -p tree/src && touch tree/src/secret.txt' - $here
            Copy-SandboxItem "$here/tree" into -ToSession $session -Recurse -Exclude $_, src/secret.txt -WarningAction SilentlyContinue -WarningVariable warnings
            "$warnings" | Should -BeLike "*nothing matched '$_'. *"
            Copy-SandboxItem "$here/tree" again -ToSession $session -Recurse
            Copy-SandboxItem again "$here/out" -FromSession $session -Recurse -Exclude $_ -WarningAction SilentlyContinue -WarningVariable warnings
            "$warnings" | Should -BeLike "*nothing matched '$_'. *"
            $null = Backup-Sandbox $box "$here/b.tar" -Path $directory -Exclude $_ -WarningAction SilentlyContinue -WarningVariable warnings
            "$warnings" | Should -BeLike "*nothing matched '$_'. *"
        }

        It 'with more patterns than a request holds is a clear error, and copies in' {
            bash -c 'cd "$1" && mkdir tree && touch tree/f tree/n1000' - $here
            Set-Content "$here/many" (1..4000 | ForEach-Object { "n$_" })
            Copy-SandboxItem "$here/tree" into -ToSession $session -Recurse -ExcludeFrom "$here/many" -WarningAction SilentlyContinue
            ($session | Get-SandboxChildItem into).Name | Should -Be 'f'
            { Copy-SandboxItem into "$here/out" -FromSession $session -Recurse -ExcludeFrom "$here/many" -WarningAction SilentlyContinue } |
                Should -Throw '*patterns to exclude are too long*' -ErrorId 'InvalidRequest,*'
            "$here/out" | Should -Not -Exist
        }

        It 'is the same tree when it is copied again' {
            $null = New-Item -ItemType Directory -Path "$here/src/sub"
            Set-Content "$here/src/sub/f" x
            1..2 | ForEach-Object {
                Copy-SandboxItem "$here/src" . -ToSession $session -Recurse
                Copy-SandboxItem "$here/src/" new -ToSession $session -Recurse
                ($session | Get-SandboxChildItem -Recurse -File).SandboxPath | Should -Be "$directory/new/sub/f", "$directory/src/sub/f"
            }

            1..2 | ForEach-Object {
                Copy-SandboxItem src "$here/back" -FromSession $session -Recurse
                (Get-ChildItem "$here/back" -Recurse -File).FullName | Should -Be "$here/back/sub/f"
                Copy-SandboxItem src "$directory/inside" -FromSession $session -ToSession $session -Recurse
                Get-SandboxItem "$directory/src" -Sandbox $box | Copy-SandboxItem -Destination "$directory/piped" -Recurse
                ($session | Get-SandboxChildItem inside, piped -Recurse -File).SandboxPath | Should -Be "$directory/inside/sub/f", "$directory/piped/sub/f"
            }
        }

        It 'goes into a directory that ends with a slash, and into those that every sandbox has' {
            $null = New-Item -ItemType Directory -Path "$here/$(Split-Path -Leaf $directory).d", "$here/out"
            $source = Get-Item "$here/*.d"
            $null = $session | New-SandboxItem into -ItemType Directory
            1..2 | ForEach-Object {
                (Copy-SandboxItem $source into/ -ToSession $session -Recurse -PassThru).SandboxPath | Should -Be "$directory/into/$($source.Name)"
                (Copy-SandboxItem $source /workspace -ToSession $session -Recurse -PassThru).SandboxPath | Should -Be "/workspace/$($source.Name)"
                (Copy-SandboxItem into "$here/out/" -FromSession $session -Recurse -PassThru).FullName | Should -Be "$here/out/into"
            }
        }

        It 'of several items needs a directory' {
            $null = New-Item -ItemType Directory -Path "$here/d1", "$here/d2"
            'a.txt', 'b.txt', 'd1/f', 'd2/f' | ForEach-Object { Set-Content "$here/$_" $_ }
            $null = $session | New-SandboxItem file -Value old
            $session | Invoke-SandboxCommand 'mkdir from; (cd from; mkdir d1 d2; touch a.txt b.txt d1/f d2/f)'
            @(
                { Copy-SandboxItem "$here/a.txt", "$here/b.txt" -Destination "$directory/new" -ToSession $session }
                { Copy-SandboxItem "$here/*.txt" new -ToSession $session }
                { Copy-SandboxItem "$here/*.txt" file -ToSession $session }
                { Copy-SandboxItem "$here/d1", "$here/d2" new -ToSession $session -Recurse }
                { Copy-SandboxItem "$here/d?" new -ToSession $session -Recurse }
                { Copy-SandboxItem "$here/*1" new -ToSession $session -Recurse }
                { Get-ChildItem "$here" | Copy-SandboxItem -Destination new -ToSession $session -Recurse }
                { Copy-SandboxItem from/a.txt, from/b.txt "$here/new" -FromSession $session }
                { Copy-SandboxItem 'from/*' "$here/new" -FromSession $session -Recurse }
                { Copy-SandboxItem 'from/*1' "$here/new" -FromSession $session -Recurse }
                { $session | Get-SandboxChildItem from | Copy-SandboxItem -Destination "$directory/new" -Recurse }
                { Copy-SandboxItem 'from/*.txt' file -FromSession $session -ToSession $session }
            ) | ForEach-Object { $_ | Should -Throw -ErrorId 'DestinationNotDirectory,*' -Because "$_" }
            "$here/new" | Should -Not -Exist
            ($session | Get-SandboxChildItem).Name | Should -Be 'file', 'from'
            $session | Get-SandboxContent file | Should -Be old
            Copy-SandboxItem "$here/*.txt", "$here/d1" made -ToSession $session -Recurse -Force
            ($session | Get-SandboxChildItem made -Recurse).Name | Should -Be 'a.txt', 'b.txt', 'd1', 'f'
            Copy-SandboxItem "$here/a.*" single -ToSession $session
            $session | Get-SandboxContent single | Should -Be a.txt
        }

        It 'can be a link to a directory or file, whose target is copied' {
            bash -c 'cd "$1" && mkdir real && echo x > real/f && ln -s f real/inner && ln -s real link && ln -s real/f filelink && ln -s none broken' - $here
            Copy-SandboxItem "$here/link" into -ToSession $session -Recurse -Checksum
            Copy-SandboxItem "$here/link/" . -ToSession $session -Recurse
            Copy-SandboxItem "$here/filelink" . -ToSession $session
            $session | Invoke-SandboxCommand 'find . -mindepth 1 -printf "%P %y %l\n" | sort' |
                Should -Be 'filelink f ', 'into d ', 'into/f f ', 'into/inner l f', 'link d ', 'link/f f ', 'link/inner l f'
            { Copy-SandboxItem "$here/broken" . -ToSession $session } | Should -Throw -ErrorId 'PathNotFound,*'
        }

        It 'is an error when missing, a directory without -Recurse, or without a destination' {
            $null = New-Item -ItemType Directory -Path "$here/src"
            Set-Content "$here/f" x
            { Copy-SandboxItem "$here/src" . -ToSession $session } | Should -Throw -ErrorId 'IsADirectory,*'
            { Copy-SandboxItem "$here/none" . -ToSession $session } | Should -Throw -ErrorId 'PathNotFound,*'
            { Copy-SandboxItem "$here/f" none/ -ToSession $session } | Should -Throw -ErrorId 'PathNotFound,*'
            { Copy-SandboxItem none $here -FromSession $session } | Should -Throw -ErrorId 'PathNotFound,*'
        }

        It 'can come from the pipeline and from wildcards on either side' {
            'a.txt', 'b.txt', 'c.md' | ForEach-Object { Set-Content "$here/$_" $_ }
            Get-ChildItem $here | Copy-SandboxItem -ToSession $session
            ($session | Get-SandboxChildItem).Name | Should -Be 'a.txt', 'b.txt', 'c.md'
            $null = $session | New-SandboxItem 2, 3 -ItemType Directory
            Copy-SandboxItem "$here/*.txt" 2 -ToSession $session
            ($session | Get-SandboxChildItem 2).Name | Should -Be 'a.txt', 'b.txt'
            $session | Get-SandboxChildItem 2 | Copy-SandboxItem -Destination "$directory/3"
            ($session | Get-SandboxChildItem 3).Name | Should -Be 'a.txt', 'b.txt'
            $null = New-Item -ItemType Directory -Path "$here/4"
            Copy-SandboxItem '3/*.txt' "$here/4" -FromSession $session
            (Get-ChildItem "$here/4").Name | Should -Be 'a.txt', 'b.txt'
        }

        It 'can be merged within a sandbox' {
            $session | Invoke-SandboxCommand 'mkdir -p t v/t; echo 1 > t/f; echo 2 > t/g.log; touch v/t/g'
            Copy-SandboxItem t/f copy -FromSession $session -ToSession $session
            $session | Get-SandboxContent copy | Should -Be '1'
            Copy-SandboxItem t u -FromSession $session -ToSession $session -Recurse -Exclude *.log
            ($session | Get-SandboxChildItem u).Name | Should -Be 'f'
            Copy-SandboxItem t v/t -FromSession $session -ToSession $session -Recurse -Exclude g.log
            ($session | Get-SandboxChildItem v/t).Name | Should -Be 'f', 'g'
            Copy-SandboxItem t v/t -FromSession $session -ToSession $session -Recurse
            ($session | Get-SandboxChildItem v/t).Name | Should -Be 'f', 'g', 'g.log'
            $session | Get-SandboxItem t | Copy-SandboxItem -Destination "$directory/w" -Recurse
            ($session | Get-SandboxChildItem w).Name | Should -Be 'f', 'g.log'
        }

        It 'can go from one sandbox to another' {
            $other = New-Sandbox
            $session | Invoke-SandboxCommand 'mkdir t; echo 1 > t/f'
            Copy-SandboxItem t /workspace/t -FromSession $session -ToSandbox $other -Recurse
            $other | Get-SandboxContent /workspace/t/f | Should -Be '1'
            $other | Remove-Sandbox
        }

        It 'stays inside the destination and warns about what is omitted' {
            $session |
                Invoke-SandboxCommand 'mkdir t t/d; ln -s ../../../../etc/passwd t/out; ln -s /etc/passwd t/absolute; ln -s d t/in; mkfifo t/pipe
                    echo x > t/d/f; chmod 6755 t/d/f; echo y > t/$(printf "\xff")'
            Copy-SandboxItem t "$here/t" -FromSession $session -Recurse -WarningAction SilentlyContinue -WarningVariable warnings
            (Get-ChildItem "$here/t").Name | Sort-Object | Should -Be '%FF', 'd', 'in'
            Get-Content "$here/t/in/f" | Should -Be 'x'
            (Get-Item "$here/t/d/f").UnixMode | Should -Be '-rwxr-xr-x'
            $warnings.Count | Should -Be 4
        }

        It 'does not follow a local link in place of a directory' {
            $null = New-Item -ItemType Directory -Path "$here/elsewhere", "$here/t"
            $null = New-Item -ItemType SymbolicLink -Path "$here/t/d" -Value "$here/elsewhere"
            $session | Invoke-SandboxCommand 'mkdir -p t/d; echo evil > t/d/f'
            { Copy-SandboxItem t "$here/t" -FromSession $session -Recurse } | Should -Throw -ErrorId 'NotADirectory,*'
            Get-ChildItem "$here/elsewhere" -Force | Should -BeNullOrEmpty
        }

        It 'omits pipes with a warning, and refuses a single one' {
            bash -c 'cd "$1" && mkdir t && mkfifo t/pipe && touch t/f' - $here
            Copy-SandboxItem "$here/t" t -ToSession $session -Recurse -WarningAction SilentlyContinue -WarningVariable warnings
            "$warnings" | Should -BeLike '*pipe*'
            ($session | Get-SandboxChildItem t).Name | Should -Be 'f'
            { Copy-SandboxItem "$here/t/pipe" . -ToSession $session } | Should -Throw -ErrorId 'NotAFile,*'
        }

        It 'omits unreadable files with an error for each' {
            $session | Invoke-SandboxCommand 'mkdir -p t/shut; (cd t; echo 1 > a; echo 2 > b; echo 3 > c; echo 4 > shut/d; chmod 0 b shut)'
            Copy-SandboxItem t "$here/out" -FromSession $session -Recurse -Checksum -ErrorAction SilentlyContinue -ErrorVariable failures
            $failures.FullyQualifiedErrorId |
                Should -Be 'PermissionDenied,Sandbox.Commands.CopySandboxItemCommand', 'PermissionDenied,Sandbox.Commands.CopySandboxItemCommand'
            (Get-ChildItem "$here/out").Name | Should -Be 'shut', 'a', 'c'

            # Pester could not remove it for an ordinary user.
            [IO.File]::SetUnixFileMode("$here/out/shut", 'UserRead, UserWrite, UserExecute')
            { Copy-SandboxItem "$directory/t" "$directory/t2" -FromSession $session -ToSession $session -Recurse } | Should -Throw -ErrorId 'PermissionDenied,*'
        }
    }

    It 'can be watched without what -Exclude matches' {
        $session | Invoke-SandboxCommand 'mkdir node_modules'
        $change = Watch-SandboxItem -Session $session -Recurse -Exclude node_modules, '*.log' -Verbose 4>&1 | ForEach-Object {
            if ($_ -is [System.Management.Automation.VerboseRecord]) {
                if ($_.Message -like 'Watching*') {
                    $session | Invoke-SandboxCommand 'mkdir -p d/node_modules; echo > a.log; echo > node_modules/x; echo > d/node_modules/y; echo > seen'
                }
            }
            else {
                $_
            }
        } | Where-Object { -not $_.IsDirectory } | Select-Object -First 1
        $change.SandboxPath | Should -BeExactly "$directory/seen"
    }

    It 'can be watched' {
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
        $change.SandboxPath | Should -BeExactly "$directory/seen"
        $change.Type | Should -Be 'Created'
    }
}

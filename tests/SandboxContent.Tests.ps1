#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

Describe 'SandboxContent' {
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

    It 'can be written and read by lines' {
        $session | Set-SandboxContent f one, two
        $session | Get-SandboxContent f | Should -Be 'one', 'two'
        $session | Get-SandboxContent f -Raw | Should -BeExactly "one`ntwo`n"
    }

    It 'can be written without a line break with -NoNewline' {
        'one', 'two' | Set-SandboxContent f -NoNewline -Session $session
        $session | Get-SandboxContent f -Raw | Should -BeExactly 'onetwo'
    }

    It 'can be empty' {
        $session | Set-SandboxContent f $null
        $session | Get-SandboxContent f -Raw | Should -BeExactly ''
        $session | Get-SandboxContent f | Should -BeNullOrEmpty
    }

    It 'is not written to a wildcard without a match' {
        { $session | Set-SandboxContent 'f [x]' lost } | Should -Throw -ErrorId 'PathNotFound,Sandbox.Commands.SetSandboxContentCommand'
        { $session | Get-SandboxContent 'f*none' } | Should -Throw -ErrorId 'PathNotFound,Sandbox.Commands.GetSandboxContentCommand'
        Set-SandboxContent -LiteralPath 'f [x]' kept -Session $session
        Get-SandboxContent -LiteralPath 'f [x]' -Session $session | Should -Be 'kept'
    }

    It 'can be piped with a named session, and sessions with named content' {
        $session | Set-SandboxContent f v1
        $session | Get-SandboxContent f | Should -Be 'v1'
        'v2' | Set-SandboxContent f -Session $session
        Get-SandboxContent f -Session $session | Should -Be 'v2'
    }

    It 'is an error when content or target are missing or given twice' {
        $session | Set-SandboxContent f old
        { $box | Set-SandboxContent f x -Session $session } | Should -Throw -ErrorId 'TargetGivenTwice,*'
        { $box | Set-SandboxContent f } | Should -Throw -ErrorId 'InvalidArgument,*'
        { 'text' | Set-SandboxContent f x -Session $session } | Should -Throw -ErrorId 'InvalidArgument,*'
        @() | Set-SandboxContent f x
        $session | Get-SandboxContent f | Should -Be 'old'
    }

    It 'can be bytes, as one array with -Raw' {
        $bytes = [byte[]] (0, 255, 10, 13, 10, 195, 40, 0)
        $session | Set-SandboxContent f $bytes -AsByteStream
        $read = @($session | Get-SandboxContent f -AsByteStream -Raw)
        $read.Count | Should -Be 1
        $read[0].GetType() | Should -Be ([byte[]])
        $read[0] | Should -Be $bytes
        Get-SandboxContent f -AsByteStream -Session $session | Set-SandboxContent copy -AsByteStream -Session $session
        ($session | Get-SandboxItem copy).Length | Should -Be 8
    }

    It 'cannot be bytes and text' {
        { $session | Set-SandboxContent f text -AsByteStream } | Should -Throw -ErrorId 'InvalidArgument,*'
        { $session | Get-SandboxContent f -AsByteStream -Encoding utf8 } | Should -Throw -ErrorId 'InvalidArgument,*'
    }

    It 'can be written and read as <Encoding>' -ForEach @(
        @{ Encoding = 'utf8'; Bytes = 'C3-A4-0A' }
        @{ Encoding = 'utf8BOM'; Bytes = 'EF-BB-BF-C3-A4-0A' }
        @{ Encoding = 'unicode'; Bytes = 'FF-FE-E4-00-0A-00' }
        @{ Encoding = 'latin1'; Bytes = 'E4-0A' }
        @{ Encoding = 'bigendianunicode'; Bytes = 'FE-FF-00-E4-00-0A' }
    ) {
        $session | Set-SandboxContent f 'ä' -Encoding $Encoding
        [BitConverter]::ToString(($session | Get-SandboxContent f -AsByteStream -Raw)) | Should -Be $Bytes
        $session | Get-SandboxContent f -Encoding $Encoding | Should -BeExactly 'ä'
        $session | Set-SandboxContent f 'ä', 'b', 'c' -Encoding $Encoding
        $session | Get-SandboxContent f -Encoding $Encoding -Tail 2 | Should -Be 'b', 'c'
        $session | Get-SandboxContent f -Encoding $Encoding -TotalCount 1 | Should -BeExactly 'ä'
    }

    It 'cannot have an unknown encoding' {
        { $session | Get-SandboxContent f -Encoding nosuch } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
    }

    It 'can be read from its beginning or its end' {
        $session | Invoke-SandboxCommand 'seq 1 200000 > f'
        $session | Get-SandboxContent f -Tail 2 | Should -Be '199999', '200000'
        $session | Get-SandboxContent f -TotalCount 2 | Should -Be '1', '2'
        $session | Get-SandboxContent f | Select-Object -First 1 | Should -Be '1'
        ($session | Get-SandboxContent f -Tail 20000).Count | Should -Be 20000
        $session | Get-SandboxContent f -Tail 0 | Should -BeNullOrEmpty
        ($session | Get-SandboxContent f -Tail 300000).Count | Should -Be 200000
    }

    It 'can be appended with -Append, kept with -NoClobber and created with directories by -Force' {
        $session | Set-SandboxContent f 1
        $session | Set-SandboxContent f 2 -Append
        { $session | Set-SandboxContent f 3 -NoClobber } | Should -Throw -ErrorId 'PathExists,*'
        $session | Get-SandboxContent f | Should -Be '1', '2'
        { $session | Set-SandboxContent no/such/f 3 } | Should -Throw -ErrorId 'PathNotFound,*'
        ($session | Set-SandboxContent made/f 3 -Force -PassThru).SandboxPath | Should -Be "$directory/made/f"
    }

    It 'cannot be written to <Path> and does not block' -ForEach @(
        @{ Path = '/etc/hostname'; ErrorId = 'PermissionDenied' }
        @{ Path = '.'; ErrorId = 'IsADirectory' }
        @{ Path = '/dev/null'; ErrorId = 'NotAFile' }
        @{ Path = 'pipe'; ErrorId = 'NotAFile' }
    ) {
        $session | Invoke-SandboxCommand 'mkfifo pipe'
        { $session | Set-SandboxContent $Path x } | Should -Throw -ErrorId "$ErrorId,*"
        if ($ErrorId -ne 'PermissionDenied') {
            { $session | Get-SandboxContent $Path } | Should -Throw -ErrorId "$ErrorId,*"
        }
    }
}

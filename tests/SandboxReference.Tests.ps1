#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '6.0' }

BeforeDiscovery {
    . $PSScriptRoot/TestHome.ps1
    $commands = Get-Command -Module Sandbox -CommandType Cmdlet | ForEach-Object { @{ Name = $_.Name } }
    Remove-TestHome
}

Describe 'References' {
    BeforeAll {
        . $PSScriptRoot/TestHome.ps1
        $box = New-Sandbox
        $session = New-SandboxSession -Sandbox $box
        $process = Start-SandboxProcess 'sleep 600' -Sandbox $box
        $context = New-SandboxCodeContext -Sandbox $box -Language javascript
        $item = New-SandboxItem kept -Value text -Session $session

        function Copy-Serialized($Value) {
            [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value))
        }

        # The arguments of calls that give each reference parameter of a cmdlet each shape of object, with what else is mandatory beside it.
        function Get-Calls([string] $Name) {
            $shapes = @{
                [Sandbox.SessionReference[]]     = $session, (Copy-Serialized $session), "$session"
                [Sandbox.SandboxReference[]]     = $box, (Copy-Serialized $box), $box.Id
                [Sandbox.ProcessReference[]]     = $process, (Copy-Serialized $process), "$process"
                [Sandbox.ContextReference[]]     = $context, "$context"
                [Sandbox.SandboxItemReference[]] = $item, (Copy-Serialized $item)
            }
            $others = @{ [System.Collections.IDictionary] = @{ NAME = 'value' }; [int[]] = 80; [switch] = $true }
            $command = Get-Command -Name $Name -Module Sandbox -CommandType Cmdlet
            foreach ($parameter in $command.Parameters.Values.Where({ $shapes.Contains($_.ParameterType) })) {
                $set = $command.ParameterSets.Where({ $_.Parameters.Name -contains $parameter.Name }) | Sort-Object -Property IsDefault -Descending | Select-Object -First 1
                foreach ($value in $shapes[$parameter.ParameterType]) {
                    $given = @{ $parameter.Name = $value }
                    foreach ($needed in $set.Parameters.Where({ $_.IsMandatory -and $_.Name -ne $parameter.Name })) {
                        $type = $needed.ParameterType
                        $given[$needed.Name] = $shapes.Contains($type) ? $shapes[$type][0] : $others.Contains($type) ? $others[$type] : 'value'
                    }

                    $given
                }
            }
        }

        # Defines a function in front of a cmdlet, as a user does who logs or restricts calls.
        function New-Proxy([string] $Name) {
            $metadata = [System.Management.Automation.CommandMetadata] (Get-Command -Name $Name -CommandType Cmdlet)
            $metadata.Name = "Sandbox\$Name"
            New-Item -Path "Function:Script:$Name" -Value ([System.Management.Automation.ProxyCommand]::Create($metadata)) -Force
        }
    }

    AfterAll {
        Remove-TestHome
    }

    Context 'Casts' {
        It 'take an id, sandbox/id and a number' {
            foreach ($type in [Sandbox.SessionReference], [Sandbox.ProcessReference], [Sandbox.ContextReference]) {
                ('one' -as $type).Id | Should -BeExactly 'one'
                ('one' -as $type).SandboxId | Should -BeNullOrEmpty
                ('box/one' -as $type).SandboxId | Should -BeExactly 'box'
                ('box/one' -as $type).Id | Should -BeExactly 'one'
                (42 -as $type).Id | Should -BeExactly '42'
            }

            ([Sandbox.SandboxReference] 'one').Id | Should -BeExactly 'one'
            ([Sandbox.SandboxReference] 42).Id | Should -BeExactly '42'
        }

        It 'take the object, also deserialised or selected, and another reference' {
            $pairs = @($session, [Sandbox.SessionReference]), @($process, [Sandbox.ProcessReference]), @($context, [Sandbox.ContextReference]), @($box, [Sandbox.SandboxReference])
            foreach ($pair in $pairs) {
                $value, $type = $pair
                foreach ($shape in $value, (Copy-Serialized $value), ($value | Select-Object -Property *), ($value -as $type)) {
                    $reference = $shape -as $type
                    "$reference" | Should -BeExactly "$value"
                    $reference.Server | Should -BeExactly $value.Server
                }
            }
        }

        It 'take items, also deserialised or selected, and another reference' {
            foreach ($shape in $item, (Copy-Serialized $item), ($item | Select-Object -Property *), [Sandbox.SandboxItemReference] $item) {
                $reference = [Sandbox.SandboxItemReference] $shape
                $reference.Path | Should -BeExactly $item.SandboxPath
                $reference.SandboxId | Should -BeExactly $box.Id
            }
        }

        It 'take one object or many for an array' {
            [Sandbox.SessionReference[]] $one = $session
            [Sandbox.SessionReference[]] $many = $session, 'box/other', 3
            "$one" | Should -BeExactly "$session"
            $many.Id | Should -Be $session.Id, 'other', '3'
            ([Sandbox.SandboxReference[]] @($box, 'other')).Id | Should -Be $box.Id, 'other'
            ([Sandbox.SandboxItemReference[]] @($item, $item)).Path | Should -Be $item.SandboxPath, $item.SandboxPath
        }

        It 'of another kind of object are an error that says so' {
            { [Sandbox.SessionReference] $process } | Should -Throw "*An object of type 'Sandbox.SandboxProcess' is not a session or the id of one.*"
            { [Sandbox.SandboxReference] $session } | Should -Throw "*An object of type 'Sandbox.SandboxSession' is not a sandbox or the id of one.*"
            { [Sandbox.ProcessReference] $session } | Should -Throw '*is not a process or the id of one.*'
            { [Sandbox.ContextReference] $session } | Should -Throw '*is not a code context or the id of one.*'
            { [Sandbox.SandboxItemReference] 'a/path' } | Should -Throw '*is not a sandbox item or the id of one.*'
            { [Sandbox.SessionReference] ($session | Select-Object -Property Id) } | Should -Throw '*is not a session or the id of one.*'
        }
    }

    Context 'Parameters' {
        It 'that take references are found' {
            (Get-Calls Copy-SandboxItem).Count | Should -Be 14
            (Get-Calls Get-SandboxServer).Count | Should -Be 0
        }

        It 'take any enumerable' {
            $table = @{ only = $session }
            Invoke-SandboxCommand 'echo here' -Session $table.Values | Should -BeExactly 'here'
            (Get-SandboxSession -Id ([System.Collections.Generic.HashSet[string]] @("$session"))).Id | Should -BeExactly $session.Id
        }

        It 'name the parameter and the type of an object that does not fit' {
            $problem = { Invoke-SandboxCommand true -Session $process } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*' -PassThru
            "$problem" | Should -BeExactly "Cannot process argument transformation on parameter 'Session'. An object of type 'Sandbox.SandboxProcess' is not a session or the id of one."
        }

        It 'accept a sandbox beside a session or process of it, also by pattern' {
            $pattern = $box.Id.Substring(0, 4) + '*'
            foreach ($sandbox in $box, $box.Id, $pattern) {
                (Get-SandboxSession -Id "$session" -Sandbox $sandbox).Id | Should -BeExactly $session.Id
                (Get-SandboxProcess -Id "$process" -Sandbox $sandbox).Id | Should -BeExactly $process.Id
            }

            (Get-SandboxSession -Id $session.Id -Sandbox $pattern).Id | Should -BeExactly $session.Id
        }

        It 'refuse a sandbox beside a session, process or context of another' {
            { Get-SandboxSession -Id "$session" -Sandbox other } | Should -Throw -ErrorId 'SandboxMismatch,*'
            { Get-SandboxProcess -Id "$process" -Sandbox 'other*' } | Should -Throw -ErrorId 'SandboxMismatch,*'
            { Get-SandboxCodeContext -Id "$context" -Sandbox other } | Should -Throw -ErrorId 'SandboxMismatch,*'
        }

        It 'from the pipeline take only what fits' {
            { $process | Get-SandboxEnv } | Should -Throw -ErrorId 'InputObjectNotBound,*'
            ($session | Get-SandboxEnv -Name PATH).SandboxId | Should -BeExactly $box.Id
            ($box | Get-SandboxEnv -Name PATH).SandboxId | Should -BeExactly $box.Id
        }
    }

    Context 'Proxies' {
        It 'of <Name> take references' -ForEach $commands {
            New-Proxy $Name
            (Get-Command -Name $Name).CommandType | Should -Be 'Function'
            $metadata = [System.Management.Automation.CommandMetadata] (Get-Command -Name $Name -CommandType Cmdlet)
            $body = "$([System.Management.Automation.ProxyCommand]::GetCmdletBindingAttribute($metadata)) param($([System.Management.Automation.ProxyCommand]::GetParamBlock($metadata))) `$PSBoundParameters"
            foreach ($given in Get-Calls $Name) {
                $bound = & ([scriptblock]::Create($body)) @given
                $given.Keys | ForEach-Object { $bound[$_] | Should -Not -BeNullOrEmpty }
            }
        }

        It 'of Invoke-SandboxCommand runs in a session that is named or piped' {
            New-Proxy Invoke-SandboxCommand
            Invoke-SandboxCommand pwd -Session $session | Should -BeExactly $session.WorkingDirectory
            $session | Invoke-SandboxCommand pwd | Should -BeExactly $session.WorkingDirectory
            'line' | Invoke-SandboxCommand cat -Session $session | Should -BeExactly 'line'
        }

        It 'of Get-SandboxSession and Remove-SandboxSession work on a session' {
            'Get-SandboxSession', 'Remove-SandboxSession' | ForEach-Object { New-Proxy $_ }
            $second = New-SandboxSession -Sandbox $box
            ($second | Get-SandboxSession).Id | Should -BeExactly $second.Id
            $second | Remove-SandboxSession
            { Get-SandboxSession -Id $second } | Should -Throw -ErrorId 'SessionNotFound,*'
        }

        It 'of Get-SandboxProcess finds a process by object and session' {
            New-Proxy Get-SandboxProcess
            ($process | Get-SandboxProcess).Id | Should -BeExactly $process.Id
            Get-SandboxProcess -Session $session | Should -BeNullOrEmpty
        }

        It 'of Set-SandboxEnv sets a variable of a session' {
            New-Proxy Set-SandboxEnv
            $session | Set-SandboxEnv COLOUR blue
            Set-SandboxEnv -Name SHAPE -Value round -Session $session
            Invoke-SandboxCommand 'echo $COLOUR $SHAPE' -Session $session | Should -BeExactly 'blue round'
        }

        It 'of Copy-SandboxItem copies items of a sandbox and of a drive' {
            New-Proxy Copy-SandboxItem
            $item | Copy-SandboxItem -Destination /workspace/copied
            Invoke-SandboxCommand 'cat /workspace/copied' -Session $session | Should -BeExactly 'text'
            $null = New-PSDrive -Name drive -PSProvider Sandbox -Root / -Sandbox $box
            Get-Item -Path drive:/workspace/copied | Copy-SandboxItem -Destination /workspace/again
            Invoke-SandboxCommand 'cat /workspace/again' -Session $session | Should -BeExactly 'text'
        }
    }

    Context 'Mocks' {
        It 'of <Name> take references' -ForEach $commands {
            Mock $Name { 'mocked' }
            (Get-Command -Name $Name).CommandType | Should -Be 'Alias'
            foreach ($given in Get-Calls $Name) {
                & $Name @given | Should -BeExactly 'mocked'
            }
        }

        It 'take a piped session object' {
            Mock Remove-SandboxSession
            $session | Remove-SandboxSession
            Should -Invoke Remove-SandboxSession -Times 1 -Exactly -ParameterFilter { $Session[0].Id -eq $session.Id }
        }
    }
}

#Requires -Version 7.6
<#
.SYNOPSIS
    Builds or tests the module. A thin door over MSBuild: 'dotnet build' and 'dotnet test' do the same.
.PARAMETER Task
    Build leaves an importable module in output/Sandbox/<version>. Test builds, then runs all tests; where Pester is installed, those too that need it.
.PARAMETER Configuration
    Debug or Release.
.PARAMETER NoNative
    Leaves server and agent as framework-dependent programs: for a machine without clang or gcc, or for a quick build.
.EXAMPLE
    ./build.ps1 -Task Test
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    [switch] $NoNative
)

$ErrorActionPreference = 'Stop'
$arguments = @("-p:NativeAgent=$(if ($NoNative) { 'false' } else { 'true' })", '--configuration', $Configuration)

Push-Location -LiteralPath $PSScriptRoot
try {
    if ($Task -eq 'Build') {
        dotnet build @arguments
    }
    else {
        dotnet test @arguments
    }

    $code = $LASTEXITCODE
    if ($Task -eq 'Test' -and $code -eq 0) {
        if (Get-Module -Name Pester -ListAvailable | Where-Object Version -GE '5.0') {
            # In a process of its own: an assembly that is loaded here could not be rebuilt.
            pwsh -NoProfile -NonInteractive -Command @'
                Import-Module -Name Pester -MinimumVersion 5.0
                $configuration = New-PesterConfiguration
                $configuration.Run.Path = './tests'
                $configuration.Run.Exit = $true
                Invoke-Pester -Configuration $configuration
'@
            $code = $LASTEXITCODE
        }
        else {
            Write-Warning 'Pester 5 is not installed, so tests/*.Tests.ps1 were not run. Install it: Install-PSResource Pester.'
        }
    }

    exit $code
}
finally {
    Pop-Location
}

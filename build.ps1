#Requires -Version 7.6
<#
.SYNOPSIS
    Builds or tests the module.
.DESCRIPTION
    A thin layer over MSBuild: Build is 'dotnet build', Test is 'dotnet test' followed by the Pester tests in PowerShell.
.PARAMETER Task
    Build leaves an importable module in output/Sandbox/<version>. Test builds, then runs all tests: xunit, then Pester.
.PARAMETER Configuration
    Debug or Release.
.PARAMETER NoNative
    Builds server and agent as framework-dependent programs: for a machine without clang or gcc, or for a quick build.
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
$PSNativeCommandUseErrorActionPreference = $false
$arguments = @("-p:NativeAgent=$(if ($NoNative) { 'false' } else { 'true' })", '--configuration', $Configuration)

Push-Location -LiteralPath $PSScriptRoot
try {
    if ($Task -eq 'Build') {
        dotnet build @arguments
        exit $LASTEXITCODE
    }

    dotnet test @arguments
    $xunit = $LASTEXITCODE

    # In a process of its own: an assembly that is loaded here could not be rebuilt.
    $program = [Environment]::ProcessPath
    $tool = @(if ((Split-Path -Leaf $program) -eq 'dotnet') { "$PSHOME/pwsh.dll" })
    & $program @tool -NoProfile -NonInteractive -File "$PSScriptRoot/tests/Invoke-Pester.ps1"
    exit ($xunit -bor $LASTEXITCODE)
}
finally {
    Pop-Location
}

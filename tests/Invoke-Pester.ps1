#Requires -Version 7.6
<#
.SYNOPSIS
    Runs the Pester tests of the built module, with the Pester that the build restored.
.PARAMETER Path
    The tests to run; all by default.
.EXAMPLE
    ./tests/Invoke-Pester.ps1 tests/SandboxDrive.Tests.ps1
#>
[CmdletBinding()]
param(
    [string[]] $Path = $PSScriptRoot
)

$ErrorActionPreference = 'Stop'
$package = dotnet msbuild "$PSScriptRoot/Sandbox.PowerShell.Tests" -getProperty:PkgPester
if (-not $package) {
    throw 'Pester is not restored. Run ./build.ps1 first.'
}

Import-Module -Name "$package/tools/Pester.psd1"
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.Exit = $true
$configuration.Output.Verbosity = 'Normal'
Invoke-Pester -Configuration $configuration

#Requires -Version 7.6
<#
.SYNOPSIS
    Builds or tests the module.
.DESCRIPTION
    A thin layer over MSBuild: Build is 'dotnet build', Test is 'dotnet test' beside the Pester tests in PowerShell.
.PARAMETER Task
    Build leaves an importable module in output/Sandbox/<version>. Test builds, then runs all tests: xunit and Pester.
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
$temporary = $null
$arguments = @("-p:NativeAgent=$(if ($NoNative) { 'false' } else { 'true' })", '--configuration', $Configuration)

Push-Location -LiteralPath $PSScriptRoot
try {
    dotnet build @arguments
    if ($Task -eq 'Build' -or $LASTEXITCODE -ne 0) {
        exit $LASTEXITCODE
    }

    # Processes that tests kill leave files of the .NET runtime in the directory for temporary files. Other users need to reach it: some tests run as one.
    $temporary = "$([IO.Path]::GetTempPath())sbt$([Guid]::NewGuid().ToString('n').Substring(0, 8))"
    $null = [IO.Directory]::CreateDirectory($temporary)
    [IO.File]::SetUnixFileMode($temporary, [IO.UnixFileMode]0x3ff)
    $env:TMPDIR = $temporary

    # Pester runs beside xunit, in a process of its own: an assembly that is loaded here could not be rebuilt.
    $program = [Environment]::ProcessPath
    $tool = @(if ((Split-Path -Leaf $program) -eq 'dotnet') { "$PSHOME/pwsh.dll" })
    $pester = Start-ThreadJob {
        & $using:program @using:tool -NoProfile -NonInteractive -File "$using:PSScriptRoot/tests/Invoke-Pester.ps1" 2>&1 | ForEach-Object ToString
        $LASTEXITCODE
    }
    dotnet test @arguments --no-build
    $xunit = $LASTEXITCODE
    $lines = @($pester | Receive-Job -Wait -AutoRemoveJob)
    $lines | Select-Object -SkipLast 1

    $left = @(Get-ChildItem -LiteralPath $temporary -Force -Filter 'sb*')
    if ($left) {
        Write-Host "The tests left files: $($left.Name -join ', ')"
    }

    exit ($xunit -bor $lines[-1] -bor $left.Count)
}
finally {
    if ($temporary) {
        Remove-Item -LiteralPath $temporary -Recurse -Force
    }

    Pop-Location
}

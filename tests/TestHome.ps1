# Imports the built module with a server of its own. Dot-source it in BeforeAll, and call Remove-TestHome in AfterAll.
# An error record that a test does not expect fails it.
$ErrorActionPreference = 'Stop'

$manifest = Get-ChildItem -Path "$PSScriptRoot/../output/Sandbox/*/Sandbox.psd1" |
    Sort-Object -Property { [version] $_.Directory.Name } |
    Select-Object -Last 1
if (-not $manifest) {
    throw 'There is no built module. Run ./build.ps1 first.'
}

# Short, because socket paths have a limit; traversable by the users of sandboxes, who must reach their programs.
$testHome = [IO.Directory]::CreateTempSubdirectory('sbx').FullName
chmod 711 $testHome
$homeBefore = $env:SANDBOX_HOME
$env:SANDBOX_HOME = $testHome

# With -Force, because a runspace reads the environment only once.
Import-Module -Name $manifest.FullName -Force

# Waits for a condition that another process makes true. All tests wait by this function and its time limit.
function Wait-Until([scriptblock] $Condition, [string] $What) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($clock.Elapsed.TotalSeconds -ge 60) {
            throw "Timed out waiting until $What"
        }

        Start-Sleep -Milliseconds 20
    }
}

function Remove-TestHome {
    Get-Sandbox | Remove-Sandbox -Confirm:$false
    Get-ChildItem -Path $testHome -Filter server.json -Recurse | ForEach-Object {
        # Terminated, not killed, so that it removes its pooled sandboxes.
        $server = Get-Process -Id (Get-Content -LiteralPath $_.FullName -Raw | ConvertFrom-Json).processId
        kill $server.Id
        $server.WaitForExit()
    }

    $env:SANDBOX_HOME = $homeBefore
    Remove-Item -LiteralPath $testHome -Recurse -Force
}

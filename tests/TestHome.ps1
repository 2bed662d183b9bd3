# The built module with a home of its own. Dot-source it in BeforeAll, and call Remove-TestHome in AfterAll.
$manifest = Get-ChildItem -Path "$PSScriptRoot/../output/Sandbox/*/Sandbox.psd1" |
    Sort-Object -Property { [version] $_.Directory.Name } |
    Select-Object -Last 1
if (-not $manifest) {
    throw 'There is no built module. Run ./build.ps1 first.'
}

Import-Module -Name $manifest.FullName -ErrorAction Stop

# Short, since socket paths are; open to sandboxes' users, who must reach their programs.
$testHome = "/tmp/sbx$([guid]::NewGuid().ToString('n').Substring(0, 8))"
$null = New-Item -ItemType Directory -Path $testHome
chmod 711 $testHome
$homeBefore = $env:SANDBOX_HOME
$env:SANDBOX_HOME = $testHome

function Remove-TestHome {
    Get-Sandbox | Remove-Sandbox -Confirm:$false
    Get-ChildItem -Path $testHome -Filter server.json -Recurse | ForEach-Object {
        # Not killed: what it has started ahead goes with it when it leaves.
        $server = Get-Process -Id (Get-Content -LiteralPath $_.FullName -Raw | ConvertFrom-Json).processId
        kill $server.Id
        $server.WaitForExit()
    }

    $env:SANDBOX_HOME = $homeBefore
    Remove-Item -LiteralPath $testHome -Recurse -Force
}

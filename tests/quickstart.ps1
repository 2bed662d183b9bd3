# Two sessions of one sandbox: their own variables and directory, the same files. A time limit stops a command, not its session.
# Then a server in the background, and code that keeps its state.
$ErrorActionPreference = 'Stop'
Get-Item -Path "$PSScriptRoot/../output/Sandbox/*/Sandbox.psd1" | Sort-Object -Property LastWriteTime | Select-Object -Last 1 | Import-Module

$box = New-Sandbox

$build = New-SandboxSession -Sandbox $box -Id build -WorkingDirectory /workspace/app -Environment @{ STAGE = 'build'; DEBUG = $null }
$test = New-SandboxSession -Sandbox $box -Id test -Environment @{ STAGE = 'test' } -CommandTimeoutSeconds 60
$build, $test

'--- each session has its own variables and directory, and keeps its state'
$build | Invoke-SandboxCommand 'version=1.0; echo "$STAGE in $PWD" | tee stage.txt'
$test | Invoke-SandboxCommand 'cd app; echo "$STAGE in $PWD sees version [$version]"'
$build | Invoke-SandboxCommand 'echo "version is still $version"'

'--- they share the files'
$test | Invoke-SandboxCommand 'cat stage.txt; wc -c < stage.txt'

'--- real input through a real program'
'pear', 'apple', 'fig' | Invoke-SandboxCommand 'sort' -Session $test

'--- a time limit stops the command; what it printed is kept, and so is the session'
$result = $test | Invoke-SandboxCommand 'kept=yes; echo started; sleep 60; echo never' -TimeoutSeconds 0.5 -AsResult
$result | Where-Object TimedOut
$test | Invoke-SandboxCommand 'echo "kept: $kept, in $PWD"'

'--- variables change in the running session; null unsets'
$test | Set-SandboxEnv -Environment @{ STAGE = $null; TARGET = 'linux' }
$test | Invoke-SandboxCommand 'echo "${STAGE-unset} $TARGET"'

'--- a server in the background: waited for, used from the other session, stopped with all it started'
$server = $build | Start-SandboxProcess 'python3 -m http.server 8080' -Id web
$ready = $server | Wait-SandboxProcess -Port 8080 -HttpPath /stage.txt -TimeoutSeconds 60
"$($ready.Id): $($ready.State)"
$test | Invoke-SandboxCommand 'python3 -c "import urllib.request; print(urllib.request.urlopen(\"http://localhost:8080/stage.txt\").read().decode().strip())"'
$stopped = $server | Stop-SandboxProcess -PassThru
"$($stopped.Id): $($stopped.State) by the signal $($stopped.Signal)"

'--- code, in a context that keeps its state'
$box | Invoke-SandboxCode 'squares = [n * n for n in range(5)]'
$box | Invoke-SandboxCode 'print(sum(squares))'

'--- found again by id, then removed'
Get-SandboxSession build -Sandbox $box | Remove-SandboxSession
Get-SandboxSession -Sandbox $box
$box | Remove-Sandbox

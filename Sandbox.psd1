@{
    RootModule           = 'Sandbox.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5b8b5b0e-3f1e-4f0c-9a53-7c1f0f6a2d11'
    Author               = 'The Sandbox authors'
    Copyright            = '(c) The Sandbox authors. MIT License.'
    Description          = 'Runs untrusted code from PowerShell: sandboxes, and inside them shell sessions that keep their state, stream their output and stop when told.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('Sandbox.Format.ps1xml')
    CmdletsToExport      = @(
        'Backup-Sandbox'
        'Connect-SandboxPort'
        'Connect-SandboxServer'
        'Copy-SandboxItem'
        'Disconnect-SandboxPort'
        'Disconnect-SandboxServer'
        'Enter-SandboxSession'
        'Get-Sandbox'
        'Get-SandboxChildItem'
        'Get-SandboxCodeContext'
        'Get-SandboxContent'
        'Get-SandboxEnv'
        'Get-SandboxItem'
        'Get-SandboxPort'
        'Get-SandboxProcess'
        'Get-SandboxProcessOutput'
        'Get-SandboxServer'
        'Get-SandboxSession'
        'Import-SandboxRepository'
        'Invoke-SandboxCode'
        'Invoke-SandboxCommand'
        'Move-SandboxItem'
        'New-Sandbox'
        'New-SandboxCodeContext'
        'New-SandboxItem'
        'New-SandboxSession'
        'Remove-Sandbox'
        'Remove-SandboxCodeContext'
        'Remove-SandboxItem'
        'Remove-SandboxProcess'
        'Remove-SandboxSession'
        'Rename-SandboxItem'
        'Restore-Sandbox'
        'Send-SandboxProcessInput'
        'Set-SandboxContent'
        'Set-SandboxEnv'
        'Start-SandboxProcess'
        'Start-SandboxServer'
        'Stop-Sandbox'
        'Stop-SandboxProcess'
        'Stop-SandboxServer'
        'Test-SandboxPath'
        'Test-SandboxServer'
        'Wait-SandboxProcess'
        'Watch-SandboxItem'
    )
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('sandbox', 'isolation', 'bubblewrap', 'container', 'session', 'untrusted', 'PSEdition_Core', 'Linux')
            ReleaseNotes = 'First form: sandboxes, sessions, environment and commands on Linux.'
        }
    }
}

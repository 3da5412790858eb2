#Requires -Version 5.1
<#
.SYNOPSIS
Intune's detection: installed is what prints a line and exits with 0. The setup is complete when its plan has no step that needs an administrator.
#>
[CmdletBinding()]
param(
    [string]$Folder = (Join-Path $(if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }) 'Chess')
)
$ErrorActionPreference = 'Stop'

if (-not (Test-Path "$Folder\Chess.exe")) {
    exit 1
}
$plan = & "$Folder\teredo.exe" setup --app "$Folder\Chess.exe" --name Chess --tcp 4242 --enable-teredo --dry-run --json | ConvertFrom-Json
if ($LASTEXITCODE -ne 0 -or $plan.needsElevation) {
    exit 1
}
Write-Output 'Chess is installed, and Teredo is set up for it.'
exit 0

#Requires -Version 5.1
<#
.SYNOPSIS
Installs Chess for all users, and sets Teredo up with -Teredo, which is the consent of the one who runs or deploys this.
#>
[CmdletBinding()]
param(
    # Intune runs scripts as a 32-bit process, whose ProgramFiles is another folder.
    [string]$Folder = (Join-Path $(if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }) 'Chess'),
    [switch]$Teredo
)
$ErrorActionPreference = 'Stop'

New-Item -ItemType Directory -Force -Path $Folder | Out-Null
Copy-Item -Force -Path (Join-Path $PSScriptRoot 'publish/*') -Destination $Folder

if ($Teredo) {
    & "$Folder\teredo.exe" setup --app "$Folder\Chess.exe" --name Chess --tcp 4242 --enable-teredo --yes --installer
    if ($LASTEXITCODE -ne 0) {
        Write-Warning "Chess is installed, but Teredo was not set up (exit code $LASTEXITCODE): see the lines above."
    }
}
exit 0

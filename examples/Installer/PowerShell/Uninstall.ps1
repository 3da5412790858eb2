#Requires -Version 5.1
<#
.SYNOPSIS
Takes the setup of Teredo back, and removes Chess.
#>
[CmdletBinding()]
param(
    [string]$Folder = (Join-Path $(if ($env:ProgramW6432) { $env:ProgramW6432 } else { $env:ProgramFiles }) 'Chess')
)
$ErrorActionPreference = 'Stop'

if (Test-Path "$Folder\teredo.exe") {
    & "$Folder\teredo.exe" remove --app "$Folder\Chess.exe" --name Chess --yes --installer
    if ($LASTEXITCODE -ne 0) {
        # The files stay, so that it can be tried again.
        Write-Error -ErrorAction Continue "The setup of Teredo was not removed (exit code $LASTEXITCODE): see the lines above."
        exit $LASTEXITCODE
    }
}
Remove-Item -Recurse -Force -Path $Folder
exit 0

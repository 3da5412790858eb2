; Inno Setup 6: iscc Chess.iss /DPublish=publish
#ifndef Publish
  #define Publish "publish"
#endif

[Setup]
AppId={{7B1F7C0E-9B8E-4B0C-9B57-2E6E4F5B6A10}
AppName=Chess
AppVersion=1.0.0
AppPublisher=Example
DefaultDirName={autopf}\Chess
; Rules are for a path, so an upgrade goes to the folder of the version before.
UsePreviousAppDir=yes
PrivilegesRequired=admin
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
OutputBaseFilename=chess-setup

[Files]
Source: "{#Publish}\Chess.exe"; DestDir: "{app}"
Source: "{#Publish}\teredo.exe"; DestDir: "{app}"

[Tasks]
; Not ticked: the tick is the person's consent. A silent installation says /TASKS=teredo.
Name: "teredo"; Description: "Let players reach this computer from the Internet (opens the firewall for Chess, and switches Windows' Teredo on)"; Flags: unchecked

[Run]
; Inno Setup ignores the exit code here: Chess is installed, whatever becomes of Teredo.
Filename: "{app}\teredo.exe"; Parameters: "setup --app ""{app}\Chess.exe"" --name Chess --tcp 4242 --enable-teredo --yes --installer"; Flags: runhidden; Tasks: teredo; StatusMsg: "Setting up Teredo..."

[UninstallRun]
; Runs before the files go. Without a setup it does nothing. An upgrade does not run it.
Filename: "{app}\teredo.exe"; Parameters: "remove --app ""{app}\Chess.exe"" --name Chess --yes --installer"; Flags: runhidden; RunOnceId: "teredo"

; NSIS 3: makensis -DPUBLISH=publish [-DOUTPUT=chess-setup.exe] Chess.nsi
Unicode true
!include LogicLib.nsh
!include x64.nsh
!ifndef PUBLISH
  !define PUBLISH publish
!endif
!ifndef OUTPUT
  !define OUTPUT chess-setup.exe
!endif

Name "Chess"
OutFile "${OUTPUT}"
RequestExecutionLevel admin
InstallDir "$PROGRAMFILES64\Chess"
; Rules are for a path, so an upgrade goes to the folder of the version before.
InstallDirRegKey HKLM "Software\Chess" "Folder"

Page components
Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Section "Chess"
  SectionIn RO
  SetOutPath "$INSTDIR"
  File "${PUBLISH}/Chess.exe"
  File "${PUBLISH}/teredo.exe"
  WriteRegStr HKLM "Software\Chess" "Folder" "$INSTDIR"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Chess" "DisplayName" "Chess"
  WriteRegStr HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Chess" "UninstallString" '"$INSTDIR\uninstall.exe"'
SectionEnd

; Not ticked (/o), also in a silent installation: the tick is the person's consent.
Section /o "Let players reach this computer (firewall, Teredo)"
  nsExec::ExecToLog '"$INSTDIR\teredo.exe" setup --app "$INSTDIR\Chess.exe" --name Chess --tcp 4242 --enable-teredo --yes --installer'
  Pop $0
  ${If} $0 != 0
    ; "error" where it could not be started. Chess is installed all the same.
    DetailPrint "Teredo was not set up (exit code $0): see the lines above."
  ${EndIf}
SectionEnd

Section "Uninstall"
  ; Before the files go. Without a setup it does nothing. An upgrade does not run it.
  nsExec::ExecToLog '"$INSTDIR\teredo.exe" remove --app "$INSTDIR\Chess.exe" --name Chess --yes --installer'
  Pop $0
  ${If} $0 != 0
    DetailPrint "The setup of Teredo was not removed (exit code $0): see the lines above."
  ${EndIf}
  Delete "$INSTDIR\Chess.exe"
  Delete "$INSTDIR\teredo.exe"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "Software\Microsoft\Windows\CurrentVersion\Uninstall\Chess"
  DeleteRegKey HKLM "Software\Chess"
SectionEnd

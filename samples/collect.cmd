@echo off
rem collect.cmd [FOLDER]: everything whylogon asks of a Windows host, as one attachment.
rem
rem Run it in an elevated command prompt (Windows 7 and later). It only reads: event logs are exported, registry
rem hives are saved as consistent copies; no setting is changed, no log is cleared. Passwords are not decrypted, but
rem SECURITY and SAM hold secrets in encrypted form: keep the folder as you would keep a backup of the host.
rem
rem What needs more than an elevated prompt: HKLM\SECURITY and HKLM\SAM are saved with SeBackupPrivilege, which
rem administrators hold. Where a policy or a security product has taken it, those two lines say "refused": run this
rem script as SYSTEM then (psexec -s cmd /c collect.cmd C:\collected), or copy System32\config\SECURITY and SAM with
rem their .LOG1 and .LOG2 from a shadow copy. NTUSER hives are saved of users who are logged on.
setlocal enableextensions
set "OUT=%~1"
if not defined OUT set "OUT=%CD%\whylogon-%COMPUTERNAME%"
net session >nul 2>&1
if errorlevel 1 (
    echo collect.cmd: not elevated. Open the command prompt with "Run as administrator" and start again. 1>&2
    exit /b 1
)
mkdir "%OUT%" 2>nul
if not exist "%OUT%\" (
    echo collect.cmd: cannot make the folder "%OUT%" 1>&2
    exit /b 1
)
set MISSED=0

rem Logs first, so that what follows leaves no trace in them.
call :log "System" System
call :log "Security" Security
call :log "Application" Application
call :log "Microsoft-Windows-TaskScheduler/Operational" TaskScheduler
call :log "Microsoft-Windows-SmbClient/Security" SmbClient-Security
call :log "Microsoft-Windows-SmbClient/Connectivity" SmbClient-Connectivity
call :log "Microsoft-Windows-SMBClient/Operational" SmbClient-Operational
call :log "Microsoft-Windows-SmbClient/Audit" SmbClient-Audit
call :log "Microsoft-Windows-Bits-Client/Operational" Bits-Client
call :log "Microsoft-Windows-PowerShell/Operational" PowerShell
call :log "Microsoft-Windows-NTLM/Operational" NTLM
call :log "Microsoft-Windows-Kerberos/Operational" Kerberos
call :log "Microsoft-Windows-LSA/Operational" LSA
call :log "Microsoft-Windows-Security-Netlogon/Operational" Netlogon
call :log "Microsoft-Windows-GroupPolicy/Operational" GroupPolicy
call :log "Microsoft-Windows-OfflineFiles/Operational" OfflineFiles
call :log "Microsoft-Windows-OfflineFiles/SyncLog" OfflineFiles-SyncLog
call :log "Microsoft-Windows-User Profile Service/Operational" UserProfile
call :log "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational" LocalSessionManager
call :log "Microsoft-Windows-DNS-Client/Operational" DNS-Client
call :log "Microsoft-Windows-AppXDeploymentServer/Operational" AppXDeployment
call :log "Microsoft-Windows-AAD/Operational" AAD
rem Logs that Windows archived when they were full.
for %%f in ("%SystemRoot%\System32\winevt\Logs\Archive-*.evtx") do copy /y "%%f" "%OUT%\" >nul

call :hive HKLM\SYSTEM SYSTEM.hiv
call :hive HKLM\SOFTWARE SOFTWARE.hiv
call :hive HKLM\SECURITY SECURITY.hiv
call :hive HKLM\SAM SAM.hiv
rem What tools say of this host, as text: less than a hive or a log proves, and it helps where one is missing. whoami
rem tells of the session it runs in, dsregcmd of the user: run these two in the session that fails as well.
call :tool "systeminfo" systeminfo.txt
call :tool "whoami /all" whoami.txt
call :tool "dsregcmd /status" dsregcmd.txt
gpresult /scope computer /x "%OUT%\gpresult.xml" /f >nul 2>&1
rem NTUSER: drive mappings of those who are logged on.
for /f "tokens=2 delims=\" %%s in ('reg query HKU ^| findstr /r /c:"S-1-5-21-[0-9-]*$" /c:"S-1-12-1-[0-9-]*$"') do call :hive HKU\%%s NTUSER-%%s.hiv

if %MISSED% neq 0 echo collect.cmd: %MISSED% missing or refused, named above; the rest is worth sending.
tar -a -c -f "%OUT%.zip" -C "%OUT%" . >nul 2>&1
if errorlevel 1 (
    echo collect.cmd: done. Attach the folder "%OUT%"
) else (
    echo collect.cmd: done. Attach "%OUT%.zip"
)
exit /b 0

:log
wevtutil epl %1 "%OUT%\%~2.evtx" /ow:true >nul 2>&1
if not errorlevel 1 exit /b 0
echo   no log   %~1
set /a MISSED+=1
exit /b 0

:tool
%~1 >"%OUT%\%~2" 2>nul
if not errorlevel 1 exit /b 0
del "%OUT%\%~2" 2>nul
echo   no text  %~1
exit /b 0

:hive
reg save "%~1" "%OUT%\%~2" /y >nul 2>&1
if not errorlevel 1 exit /b 0
echo   refused  %~1
set /a MISSED+=1
exit /b 0

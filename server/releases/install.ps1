# Installs the AttackLens sensor on this host, as a service, and enrolls it. For Windows PowerShell 5.1 or later,
# as an administrator:
#
#   powershell -ExecutionPolicy Bypass -File install.ps1 [-Server URL] [-CaPin PIN] [-Proxy URL] [-TokenFile FILE]
#
# The enrollment token comes from a file, from the variable ATTACKLENS_TOKEN, or from a prompt. It is never an
# argument, because the process list shows arguments.
#
# The script does four things: it checks this host, downloads the program, compares the program's SHA-256 with the
# one below, and runs "attacklens-sensor install". It stops with one sentence and a hint if anything is wrong.
# Everything is inside one function that the last line calls, so that half a script does nothing.

function Install-AttackLensSensor {
  param(
    [string]$Server = '',
    [string]$CaPin = '',
    [string]$Proxy = '',
    [string]$TokenFile = ''
  )
  $ErrorActionPreference = 'Stop'

  # The server fills in these values. Those of the programs are from the signed manifest of its release.
  $ReleaseVersion = ''
  $DefaultServer = ''
  $ServerPins = ''
  $ServerCa = ''
  # For each program: its target, its size in bytes, its SHA-256 and its name.
  $Programs = ''

  function Stop-Install([string]$Sentence, [string]$Hint) {
    Write-Host "attacklens: Cannot install: $Sentence"
    Write-Host "hint: $Hint"
    exit 1
  }

  # A 32-bit PowerShell sees other folders and another registry. Intune starts scripts in one by default.
  if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) {
    Stop-Install 'this is a 32-bit PowerShell.' 'Run the script in 64-bit PowerShell. In Intune, set "Run script in 64-bit PowerShell" to Yes.'
  }
  if (-not [Environment]::Is64BitOperatingSystem) {
    Stop-Install 'there is no sensor for 32-bit Windows.' 'Use a 64-bit Windows.'
  }
  $Principal = New-Object Security.Principal.WindowsPrincipal([Security.Principal.WindowsIdentity]::GetCurrent())
  if (-not $Principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Stop-Install 'the sensor is a system service, so this must run as an administrator.' 'Open PowerShell with "Run as administrator", and run the command again.'
  }

  if ($Server -eq '') { $Server = $DefaultServer }
  if ($Server -eq '') {
    Stop-Install 'no server was given.' 'Add -Server https://attacklens.example.com.'
  }
  $Server = $Server.TrimEnd('/')
  if ($Server -notmatch '^https://.') {
    Stop-Install "$Server is not an https:// address." 'Add -Server https://attacklens.example.com.'
  }
  # While a CA is replaced, a server has two pins. The first one is that of the new CA.
  $Pins = $ServerPins -split ' '
  if ($CaPin -eq '') { $CaPin = $Pins[0] }
  if ($CaPin -notin $Pins) {
    Stop-Install 'the pin in the command is not the pin of this server.' 'Copy the command again from the console. If the pins still differ, the command or the server is not yours.'
  }

  # Server 2016 and older offer only TLS 1.0 unless a program asks for more.
  [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12

  $Target = 'windows-x64'
  $Line = $Programs -split "`n" | Where-Object { $_.StartsWith("$Target ") } | Select-Object -First 1
  if (-not $Line) {
    Stop-Install "the server has no sensor for $Target in release $ReleaseVersion." 'On the host of the server, add it: attacklens releases add FOLDER.'
  }
  $Size, $Sha256, $Name = ($Line.Trim() -split ' ')[1..3]

  # Only administrators can write to a folder below Program Files, so no other user can replace the program.
  $Folder = Join-Path $env:ProgramFiles ('AttackLens-install-' + [Guid]::NewGuid().ToString('N'))
  $Program = Join-Path $Folder 'attacklens-sensor.exe'
  try {
    New-Item -ItemType Directory -Path $Folder | Out-Null
    $Drive = Get-PSDrive -Name $env:ProgramFiles.Substring(0, 1)
    # The program is here once and in its final place once.
    $Needed = 2 * [long]$Size + 20000000
    if ($Drive.Free -lt $Needed) {
      Stop-Install "the drive $($Drive.Name): is full." "Free $([long]($Needed / 1000000)) MB there, and run the command again."
    }

    $Url = "$Server/download/$ReleaseVersion/$Name"
    Write-Host "attacklens: downloading the sensor $ReleaseVersion for $Target ($([long]([long]$Size / 1000000)) MB) from $Server"
    $Curl = Join-Path $env:SystemRoot 'System32\curl.exe'
    if (Test-Path $Curl) {
      $CurlOptions = @('--fail', '--silent', '--show-error', '--connect-timeout', '30', '--retry', '3', '--output', $Program)
      if ($Proxy -ne '') { $env:HTTPS_PROXY = $Proxy }
      if ($ServerCa -ne '') {
        $CaFile = Join-Path $Folder 'ca.pem'
        [IO.File]::WriteAllText($CaFile, "$ServerCa`n")
        # The private CA publishes no list of revoked certificates.
        $CurlOptions += @('--cacert', $CaFile, '--ssl-no-revoke')
      }
      & $Curl @CurlOptions $Url
      if ($LASTEXITCODE -ne 0) {
        Stop-Install "the download of $Url failed (curl code $LASTEXITCODE)." 'Check the address, the clock and the firewall. If hosts need a proxy, add -Proxy http://PROXY:PORT.'
      }
    } elseif ($ServerCa -ne '') {
      Stop-Install 'this Windows has no curl.exe, which a server with a private CA needs.' 'Use Windows 10 version 1809, Windows Server 2019 or later.'
    } else {
      $Client = New-Object Net.WebClient
      if ($Proxy -ne '') { $Client.Proxy = New-Object Net.WebProxy($Proxy) }
      try {
        $Client.DownloadFile($Url, $Program)
      } catch {
        Stop-Install "the download of $Url failed: $($_.Exception.Message)" 'Check the address, the clock and the firewall. If hosts need a proxy, add -Proxy http://PROXY:PORT.'
      }
    }

    $Found = (Get-FileHash -Algorithm SHA256 -Path $Program).Hash.ToLowerInvariant()
    if ($Found -ne $Sha256) {
      Stop-Install "the SHA-256 of $Name is $Found, not $Sha256. Nothing was run." 'The download was changed or is damaged. Run the command again. If it happens again, check the proxy and the server.'
    }

    $Options = @('install', '--server', $Server)
    if ($CaPin -ne '') { $Options += @('--ca-pin', $CaPin) }
    if ($Proxy -ne '') { $Options += @('--proxy', $Proxy) }
    if ($TokenFile -ne '') {
      $Options += @('--token-file', $TokenFile)
      & $Program @Options
    } elseif ($env:ATTACKLENS_TOKEN) {
      & $Program @Options
    } elseif ([Environment]::UserInteractive) {
      $Secure = Read-Host -AsSecureString 'Enrollment token'
      $Token = (New-Object Net.NetworkCredential('', $Secure)).Password
      $Options += @('--token', '-')
      $Token | & $Program @Options
    } else {
      Stop-Install 'no enrollment token was given, and there is no user to ask for one.' 'Add -TokenFile FILE, or set the variable ATTACKLENS_TOKEN.'
    }
    exit $LASTEXITCODE
  } finally {
    Remove-Item -Recurse -Force -Path $Folder -ErrorAction SilentlyContinue
  }
}

Install-AttackLensSensor @args

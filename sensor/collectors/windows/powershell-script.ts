// The script for facts that only WMI and secedit have. It reads, changes nothing, and prints one line of JSON
// with a part for each subject. A part that fails is named in `failed`, with the numbers of its error. It
// uses numbers and SIDs only: words are those of the system's language.

/** Classes of WMI, with the properties that are read. Dates become texts in UTC. */
const CLASSES = {
  volumes: {
    namespace: "root/CIMV2/Security/MicrosoftVolumeEncryption",
    name: "Win32_EncryptableVolume",
    properties: ["DriveLetter", "ProtectionStatus", "ConversionStatus", "EncryptionMethod", "VolumeType"],
  },
  tpm: {
    namespace: "root/CIMV2/Security/MicrosoftTpm",
    name: "Win32_Tpm",
    properties: [
      "IsEnabled_InitialValue",
      "IsActivated_InitialValue",
      "IsOwned_InitialValue",
      "ManufacturerIdTxt",
      "ManufacturerVersion",
      "SpecVersion",
    ],
  },
  defender: {
    namespace: "root/Microsoft/Windows/Defender",
    name: "MSFT_MpComputerStatus",
    properties: [
      "AMServiceEnabled",
      "AntivirusEnabled",
      "RealTimeProtectionEnabled",
      "BehaviorMonitorEnabled",
      "IoavProtectionEnabled",
      "IsTamperProtected",
      "AMRunningMode",
      "AMProductVersion",
      "AMEngineVersion",
      "AntivirusSignatureVersion",
      "AntivirusSignatureLastUpdated",
    ],
  },
  products: {
    namespace: "root/SecurityCenter2",
    name: "AntiVirusProduct",
    properties: ["displayName", "productState"],
  },
  deviceGuard: {
    namespace: "root/Microsoft/Windows/DeviceGuard",
    name: "Win32_DeviceGuard",
    properties: [
      "VirtualizationBasedSecurityStatus",
      "SecurityServicesRunning",
      "CodeIntegrityPolicyEnforcementStatus",
    ],
  },
} as const;
export type PowerShellPart = keyof typeof CLASSES | "policy";

const quoted = (text: string) => `'${text}'`;

const parts = Object.entries(CLASSES).map(([part, { namespace, name, properties }]) =>
  [
    `Read-Part ${quoted(part)} {`,
    `  Get-CimInstance -Namespace ${quoted(namespace)} -ClassName ${quoted(name)} -OperationTimeoutSec 5 -ErrorAction Stop |`,
    `    ForEach-Object { Copy-Values $_ @(${properties.map(quoted).join(", ")}) }`,
    "}",
  ].join("\n"),
);

export const POWERSHELL_SCRIPT = `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { }
$parts = @{}
$failed = @{}
function Read-Part($name, $block) {
  try { $parts[$name] = @(& $block) } catch {
    $failed[$name] = @($_.Exception.HResult, [int]$_.Exception.NativeErrorCode)
  }
}
function Copy-Values($source, $names) {
  $copy = @{}
  foreach ($name in $names) {
    $value = $source.$name
    if ($value -is [DateTime]) { $value = $value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') }
    $copy[$name] = $value
  }
  $copy
}
${parts.join("\n")}
Read-Part 'policy' {
  $file = [IO.Path]::GetTempFileName()
  try {
    & "$env:SystemRoot\\System32\\secedit.exe" /export /cfg $file /areas SECURITYPOLICY USER_RIGHTS /quiet | Out-Null
    [IO.File]::ReadAllText($file)
  } finally {
    Remove-Item -LiteralPath $file -Force
  }
}
@{ parts = $parts; failed = $failed } | ConvertTo-Json -Compress -Depth 5
`;

/** The arguments of powershell.exe. The script is encoded, so that no character of it needs quotes. */
export function powerShellArguments(script: string): string[] {
  const encoded = Buffer.from(script, "utf16le").toString("base64");
  return ["-NoLogo", "-NoProfile", "-NonInteractive", "-EncodedCommand", encoded];
}

// Where each security setting of Windows is in the registry. A policy of the domain or of this host comes
// before the setting that it replaces. Values are as the registry has them.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";

interface Place {
  area: Item<"security">["area"];
  /** Start of the key of each item. */
  group: string;
  /** The first of these that has the value counts. */
  paths: string[];
  /** Names of the values. */
  names: string[];
}

export const POLICIES = "HKLM\\SOFTWARE\\Policies\\Microsoft";
export const MICROSOFT = "HKLM\\SOFTWARE\\Microsoft";
const CONTROL = "HKLM\\SYSTEM\\CurrentControlSet\\Control";
const SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services";
const WINDOWS = `${MICROSOFT}\\Windows\\CurrentVersion`;
const FIREWALL = `${SERVICES}\\SharedAccess\\Parameters\\FirewallPolicy`;

const firewall = (group: string, profile: string, policies: string[]): Place => ({
  area: "firewall",
  group,
  paths: [...policies.map((policy) => `${POLICIES}\\WindowsFirewall\\${policy}`), `${FIREWALL}\\${profile}`],
  names: ["EnableFirewall", "DefaultInboundAction", "DefaultOutboundAction", "DoNotAllowExceptions"],
});

const tls = (protocol: string): Place[] =>
  ["Server", "Client"].map((side) => ({
    area: "encryption",
    group: `${protocol} ${side}`.toLowerCase().replaceAll(" ", "-"),
    paths: [`${CONTROL}\\SecurityProviders\\SCHANNEL\\Protocols\\${protocol}\\${side}`],
    names: ["Enabled", "DisabledByDefault"],
  }));

export const SETTING_PLACES: readonly Place[] = [
  firewall("domain", "DomainProfile", ["DomainProfile"]),
  // The private profile has two names in policies.
  firewall("private", "StandardProfile", ["PrivateProfile", "StandardProfile"]),
  firewall("public", "PublicProfile", ["PublicProfile"]),
  {
    area: "login",
    group: "uac",
    paths: [`${WINDOWS}\\Policies\\System`],
    names: [
      "EnableLUA",
      "ConsentPromptBehaviorAdmin",
      "ConsentPromptBehaviorUser",
      "PromptOnSecureDesktop",
      "FilterAdministratorToken",
      "LocalAccountTokenFilterPolicy",
      "EnableInstallerDetection",
      "InactivityTimeoutSecs",
      "DontDisplayLastUserName",
      "DisableCAD",
    ],
  },
  {
    area: "login",
    group: "winlogon",
    paths: [`${MICROSOFT}\\Windows NT\\CurrentVersion\\Winlogon`],
    names: ["AutoAdminLogon", "CachedLogonsCount", "ScRemoveOption"],
  },
  {
    area: "login",
    group: "lsa",
    paths: [`${CONTROL}\\Lsa`],
    names: [
      "RunAsPPL",
      "LsaCfgFlags",
      "LmCompatibilityLevel",
      "NoLMHash",
      "RestrictAnonymous",
      "RestrictAnonymousSAM",
      "EveryoneIncludesAnonymous",
      "LimitBlankPasswordUse",
      "DisableDomainCreds",
      "RestrictRemoteSAM",
    ],
  },
  {
    area: "login",
    group: "wdigest",
    paths: [`${CONTROL}\\SecurityProviders\\WDigest`],
    names: ["UseLogonCredential"],
  },
  {
    area: "login",
    group: "laps",
    paths: [`${MICROSOFT}\\Policies\\LAPS`, `${WINDOWS}\\Policies\\LAPS`, `${POLICIES} Services\\AdmPwd`],
    names: ["BackupDirectory", "PasswordAgeDays", "AdmPwdEnabled"],
  },
  {
    area: "remote-access",
    group: "rdp",
    paths: [
      `${POLICIES}\\Windows NT\\Terminal Services`,
      `${CONTROL}\\Terminal Server`,
      `${CONTROL}\\Terminal Server\\WinStations\\RDP-Tcp`,
    ],
    names: [
      "fDenyTSConnections",
      "UserAuthentication",
      "SecurityLayer",
      "MinEncryptionLevel",
      "PortNumber",
      "fPromptForPassword",
    ],
  },
  {
    area: "remote-access",
    group: "remote-assistance",
    paths: [`${POLICIES}\\Windows NT\\Terminal Services`, `${CONTROL}\\Remote Assistance`],
    names: ["fAllowToGetHelp"],
  },
  {
    area: "remote-access",
    group: "winrm",
    paths: [`${POLICIES}\\Windows\\WinRM\\Service`],
    names: ["AllowAutoConfig", "AllowBasic", "AllowUnencryptedTraffic"],
  },
  {
    area: "remote-access",
    group: "smb-server",
    paths: [`${SERVICES}\\LanmanServer\\Parameters`],
    names: ["SMB1", "SMB2", "RequireSecuritySignature", "EnableSecuritySignature", "RestrictNullSessAccess"],
  },
  {
    area: "remote-access",
    group: "smb-client",
    paths: [`${SERVICES}\\LanmanWorkstation\\Parameters`],
    names: ["RequireSecuritySignature", "EnablePlainTextPassword", "AllowInsecureGuestAuth"],
  },
  { area: "remote-access", group: "smb1-client", paths: [`${SERVICES}\\mrxsmb10`], names: ["Start"] },
  {
    area: "updates",
    group: "automatic-updates",
    paths: [`${POLICIES}\\Windows\\WindowsUpdate\\AU`, `${WINDOWS}\\WindowsUpdate\\Auto Update`],
    names: [
      "NoAutoUpdate",
      "AUOptions",
      "UseWUServer",
      "ScheduledInstallDay",
      "ScheduledInstallTime",
      "NoAutoRebootWithLoggedOnUsers",
    ],
  },
  {
    area: "updates",
    group: "windows-update",
    paths: [`${POLICIES}\\Windows\\WindowsUpdate`],
    names: [
      "DisableWindowsUpdateAccess",
      "DeferQualityUpdatesPeriodInDays",
      "DeferFeatureUpdatesPeriodInDays",
      "TargetReleaseVersionInfo",
      "PauseQualityUpdatesStartTime",
    ],
  },
  {
    area: "updates",
    group: "device-management",
    paths: [`${MICROSOFT}\\PolicyManager\\current\\device\\Update`],
    names: [
      "AllowAutoUpdate",
      "AllowUpdateService",
      "DeferQualityUpdatesPeriodInDays",
      "DeferFeatureUpdatesPeriodInDays",
      "ConfigureDeadlineForQualityUpdates",
    ],
  },
  {
    area: "updates",
    group: "pause",
    paths: [`${MICROSOFT}\\WindowsUpdate\\UX\\Settings`],
    names: ["PauseUpdatesExpiryTime"],
  },
  {
    area: "antivirus",
    group: "defender",
    paths: [`${POLICIES}\\Windows Defender`, `${MICROSOFT}\\Windows Defender`],
    names: ["DisableAntiSpyware", "DisableAntiVirus", "PassiveMode", "ForceDefenderPassiveMode"],
  },
  {
    area: "antivirus",
    group: "defender-real-time",
    paths: [
      `${POLICIES}\\Windows Defender\\Real-Time Protection`,
      `${MICROSOFT}\\Windows Defender\\Real-Time Protection`,
    ],
    names: ["DisableRealtimeMonitoring", "DisableBehaviorMonitoring", "DisableIOAVProtection"],
  },
  {
    area: "antivirus",
    group: "defender-features",
    paths: [`${MICROSOFT}\\Windows Defender\\Features`],
    names: ["TamperProtection"],
  },
  {
    area: "antivirus",
    group: "defender-cloud",
    paths: [`${POLICIES}\\Windows Defender\\Spynet`, `${MICROSOFT}\\Windows Defender\\Spynet`],
    names: ["SpynetReporting", "SubmitSamplesConsent"],
  },
  {
    area: "antivirus",
    group: "defender-signatures",
    paths: [`${MICROSOFT}\\Windows Defender\\Signature Updates`],
    names: ["AVSignatureVersion", "EngineVersion"],
  },
  {
    area: "antivirus",
    group: "smartscreen",
    paths: [`${POLICIES}\\Windows\\System`, `${WINDOWS}\\Explorer`],
    names: ["EnableSmartScreen", "SmartScreenEnabled"],
  },
  {
    area: "boot",
    group: "secure-boot",
    paths: [`${CONTROL}\\SecureBoot\\State`],
    names: ["UEFISecureBootEnabled"],
  },
  {
    area: "boot",
    group: "device-guard",
    paths: [`${POLICIES}\\Windows\\DeviceGuard`, `${CONTROL}\\DeviceGuard`],
    names: ["EnableVirtualizationBasedSecurity", "RequirePlatformSecurityFeatures", "LsaCfgFlags"],
  },
  {
    area: "boot",
    group: "memory-integrity",
    paths: [`${CONTROL}\\DeviceGuard\\Scenarios\\HypervisorEnforcedCodeIntegrity`],
    names: ["Enabled"],
  },
  {
    area: "encryption",
    group: "bitlocker",
    paths: [`${CONTROL}\\BitlockerStatus`],
    names: ["BootStatus"],
  },
  {
    area: "encryption",
    group: "bitlocker-policy",
    paths: [`${POLICIES}\\FVE`],
    names: ["EncryptionMethodWithXtsOs", "UseAdvancedStartup", "OSRecovery", "RDVDenyWriteAccess"],
  },
  ...["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"].flatMap(tls),
  {
    area: "access-control",
    group: "powershell",
    paths: [
      `${POLICIES}\\Windows\\PowerShell`,
      `${MICROSOFT}\\PowerShell\\1\\ShellIds\\Microsoft.PowerShell`,
    ],
    names: ["EnableScripts", "ExecutionPolicy"],
  },
  {
    area: "access-control",
    group: "app-installation",
    paths: [`${POLICIES}\\Windows\\Installer`],
    names: ["AlwaysInstallElevated", "DisableMSI"],
  },
  {
    area: "access-control",
    group: "printing",
    paths: [`${POLICIES}\\Windows NT\\Printers\\PointAndPrint`],
    names: ["RestrictDriverInstallationToAdministrators", "NoWarningNoElevationOnInstall"],
  },
  { area: "access-control", group: "usb-storage", paths: [`${SERVICES}\\USBSTOR`], names: ["Start"] },
  {
    area: "access-control",
    group: "autorun",
    paths: [`${WINDOWS}\\Policies\\Explorer`],
    names: ["NoDriveTypeAutoRun", "NoAutorun"],
  },
  {
    area: "audit",
    group: "powershell-script-blocks",
    paths: [`${POLICIES}\\Windows\\PowerShell\\ScriptBlockLogging`],
    names: ["EnableScriptBlockLogging"],
  },
  {
    area: "audit",
    group: "powershell-transcripts",
    paths: [`${POLICIES}\\Windows\\PowerShell\\Transcription`],
    names: ["EnableTranscripting"],
  },
  {
    area: "audit",
    group: "process-creation",
    paths: [`${WINDOWS}\\Policies\\System\\Audit`],
    names: ["ProcessCreationIncludeCmdLine_Enabled"],
  },
  {
    area: "audit",
    group: "policy",
    paths: [`${CONTROL}\\Lsa`],
    names: ["SCENoApplyLegacyAuditPolicy", "CrashOnAuditFail", "FullPrivilegeAuditing"],
  },
  ...["Application", "Security", "System"].map(
    (log): Place => ({
      area: "audit",
      group: `log-${log.toLowerCase()}`,
      paths: [`${POLICIES}\\Windows\\EventLog\\${log}`, `${SERVICES}\\EventLog\\${log}`],
      names: ["MaxSize", "Retention"],
    }),
  ),
  {
    area: "time",
    group: "windows-time",
    paths: [`${POLICIES}\\W32Time\\Parameters`, `${SERVICES}\\W32Time\\Parameters`],
    names: ["Type", "NtpServer"],
  },
];

/** Keys that exist while Windows waits for a restart. */
export const PENDING_RESTARTS = [
  `${WINDOWS}\\WindowsUpdate\\Auto Update\\RebootRequired`,
  `${WINDOWS}\\Component Based Servicing\\RebootPending`,
];

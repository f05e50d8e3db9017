// Security settings of macOS that files have: preferences, those of a profile before those of the host.

import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { type SecuritySetting, setting } from "../security/setting.ts";
import { isDisabled } from "./launchd.ts";
import { readPlist } from "./macos-host.ts";
import { asDict, asList, numberIn, type PlistDict, textIn } from "./plist-value.ts";

type Area = SecuritySetting["area"];

const PREFERENCES = "/Library/Preferences";
const MANAGED = "/Library/Managed Preferences";
const MAX_PROFILES = 500;

interface Preference {
  area: Area;
  domain: string;
  keys: readonly string[];
}

/** Their values are switches or numbers. */
const SWITCHES: readonly Preference[] = [
  {
    area: "updates",
    domain: "com.apple.SoftwareUpdate",
    keys: [
      "AutomaticCheckEnabled",
      "AutomaticDownload",
      "AutomaticallyInstallMacOSUpdates",
      "ConfigDataInstall",
      "CriticalUpdateInstall",
    ],
  },
  { area: "updates", domain: "com.apple.commerce", keys: ["AutoUpdate", "AutoUpdateRestartRequired"] },
  {
    area: "login",
    domain: "com.apple.loginwindow",
    keys: ["GuestEnabled", "SHOWFULLNAME", "DisableConsoleAccess", "RetriesUntilHint", "PowerOffDisabled"],
  },
  {
    area: "login",
    domain: "com.apple.screensaver",
    keys: ["askForPassword", "askForPasswordDelay", "idleTime", "loginWindowIdleTime"],
  },
  {
    area: "login",
    domain: "com.apple.mobiledevice.passwordpolicy",
    keys: ["minLength", "maxFailedAttempts", "maxPINAgeInDays", "pinHistory", "requireAlphanumeric"],
  },
];

/** Services by which others use the host, by the label of their job. */
const REMOTE_SERVICES: Record<string, string> = {
  "com.openssh.sshd": "Remote Login",
  "com.apple.screensharing": "Screen Sharing",
  "com.apple.smbd": "File Sharing (SMB)",
  "com.apple.AEServer": "Remote Apple Events",
};

export function readPreferenceSettings(files: HostFiles): SecuritySetting[] {
  return [
    ...SWITCHES.flatMap((preference) => readSwitches(files, preference)),
    ...readAutomaticLogin(files),
    ...readPendingUpdates(files),
    ...readRemoteServices(files),
    ...readMalwareRules(files),
    ...readManagedDomains(files),
  ];
}

function readSwitches(files: HostFiles, { area, domain, keys }: Preference): SecuritySetting[] {
  const sources = [MANAGED, PREFERENCES].map((folder) => {
    const path = `${folder}/${domain}.plist`;
    return { path, dict: readPlist(files, path) };
  });
  return keys.flatMap((key) => {
    const source = sources.find(({ dict }) => isSwitch(dict?.get(key)));
    const value = source?.dict?.get(key);
    return source === undefined ? [] : setting(area, key, String(value), source.path, `${domain}/${key}`);
  });
}

function isSwitch(value: unknown): boolean {
  return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function readAutomaticLogin(files: HostFiles): SecuritySetting[] {
  const path = `${PREFERENCES}/com.apple.loginwindow.plist`;
  const user = textIn(readPlist(files, path), "autoLoginUser");
  return user === undefined ? [] : [setting("login", "autoLoginUser", user, path)];
}

/** What the last check for updates found. */
function readPendingUpdates(files: HostFiles): SecuritySetting[] {
  const path = `${PREFERENCES}/com.apple.SoftwareUpdate.plist`;
  const pending = readPlist(files, path)?.get("RecommendedUpdates");
  if (!Array.isArray(pending)) return [];
  const names = asList(pending).flatMap((each) => {
    const name = textIn(asDict(each), "Display Name");
    const version = textIn(asDict(each), "Display Version")?.trim();
    return name === undefined ? [] : [version && !name.endsWith(version) ? `${name} ${version}` : name];
  });
  return [setting("updates", "RecommendedUpdates", names.sort().join(", ") || "none", path)];
}

function readRemoteServices(files: HostFiles): SecuritySetting[] {
  const services = Object.entries(REMOTE_SERVICES).flatMap(([label, name]) => {
    const isOff = isDisabled(files, label);
    return isOff === undefined
      ? []
      : setting("remote-access", name, isOff ? "disabled" : "enabled", undefined, label);
  });
  const management = "/Library/Application Support/Apple/Remote Desktop/RemoteManagement.launchd";
  if (files.exists(management))
    services.push(setting("remote-access", "Remote Management", "enabled", management));
  return services;
}

const XPROTECT = [
  { name: "XProtect", path: "/Library/Apple/System/Library/CoreServices/XProtect.bundle" },
  { name: "XProtect Remediator", path: "/Library/Apple/System/Library/CoreServices/XProtect.app" },
  { name: "MRT", path: "/Library/Apple/System/Library/CoreServices/MRT.app" },
];

/** The versions of the rules that macOS has against malware. */
function readMalwareRules(files: HostFiles): SecuritySetting[] {
  return XPROTECT.flatMap(({ name, path }) => {
    const info = `${path}/Contents/Info.plist`;
    const version = textIn(readPlist(files, info), "CFBundleShortVersionString");
    return version === undefined ? [] : setting("antivirus", `${name} version`, version, info);
  });
}

/** The names of the domains that a profile manages for the host. */
function readManagedDomains(files: HostFiles): SecuritySetting[] {
  const names = files.list(MANAGED).filter((name) => name.endsWith(".plist"));
  return firstOf(files, MANAGED, names, MAX_PROFILES).map((name) => {
    const domain = name.slice(0, -".plist".length);
    return setting("management", domain, "managed", `${MANAGED}/${name}`, `managed/${domain}`);
  });
}

/** Where versions before and since 15 have it. */
const GATEKEEPER = [
  "/private/var/db/SystemPolicyConfiguration/SystemPolicy-prefs.plist",
  "/private/var/db/SystemPolicy-prefs.plist",
];

/** Undefined: no file decides. */
export function readGatekeeper(files: HostFiles): SecuritySetting | undefined {
  for (const path of GATEKEEPER) {
    const value = textIn(readPlist(files, path), "enabled");
    if (value !== undefined)
      return setting("access-control", "Gatekeeper", value === "yes" ? "enabled" : "disabled", path);
  }
  return undefined;
}

const FIREWALL = `${PREFERENCES}/com.apple.alf.plist`;
const FIREWALL_STATES: Record<number, string> = { 0: "disabled", 1: "enabled", 2: "block all" };
/** It has no such file any more; one that an upgrade left has no effect. */
const FIRST_WITHOUT_FILE = 15;

/** Undefined: this version has no file for it, or the file is absent. */
export function readFirewallFile(
  files: HostFiles,
  version: string | undefined,
): SecuritySetting[] | undefined {
  if (Number.parseInt(version ?? "", 10) >= FIRST_WITHOUT_FILE) return undefined;
  const plist = readPlist(files, FIREWALL);
  const state = FIREWALL_STATES[numberIn(plist, "globalstate") ?? -1];
  if (plist === undefined || state === undefined) return undefined;
  return [
    setting("firewall", "application firewall", state, FIREWALL),
    ...firewallOptions(plist).map(([name, value]) => setting("firewall", name, value, FIREWALL)),
  ];
}

function firewallOptions(plist: PlistDict): [string, string][] {
  return Object.entries({
    "stealth mode": plist.get("stealthenabled"),
    logging: plist.get("loggingenabled"),
    "allow signed programs": plist.get("allowsignedenabled"),
  }).flatMap(([name, value]): [string, string][] =>
    typeof value === "number" || typeof value === "boolean"
      ? [[name, Number(value) === 1 ? "enabled" : "disabled"]]
      : [],
  );
}

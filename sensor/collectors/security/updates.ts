// Whether the host installs updates automatically: apt's periodic jobs with unattended-upgrades,
// dnf-automatic, and a pending restart.
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";
import { parseAptConfig } from "./apt-config.ts";
import { findServiceStart } from "./service-start.ts";
import { type SecuritySetting, setting } from "./setting.ts";

export function readUpdateSettings(files: HostFiles): SecuritySetting[] {
  return [...apt(files), ...dnf(files), ...yum(files), ...restart(files)];
}

const APT_SETTINGS = [
  { name: "APT::Periodic::Enable", fallback: "1" },
  { name: "APT::Periodic::Update-Package-Lists", fallback: "0" },
  { name: "APT::Periodic::Unattended-Upgrade", fallback: "0" },
];
const UNATTENDED_SETTINGS = [{ name: "Unattended-Upgrade::Automatic-Reboot", fallback: "false" }];

function apt(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/usr/bin/apt-get")) return [];
  const isInstalled = files.exists("/usr/bin/unattended-upgrade");
  const read = readAptSettings(files);
  const decided = [
    ...APT_SETTINGS.map((each) => ({ ...each, software: "apt" })),
    ...(isInstalled ? UNATTENDED_SETTINGS : []).map((each) => ({ ...each, software: "unattended-upgrades" })),
  ];
  return [
    setting("updates", "unattended-upgrades", isInstalled ? "installed" : "not installed"),
    ...timer(files, "apt-daily-upgrade.timer"),
    ...decided.map(({ name, fallback, software }) => {
      const found = read.get(name.toLowerCase());
      return setting("updates", name, found?.value ?? fallback, found?.source ?? `default of ${software}`);
    }),
  ];
}

/** apt reads files of the folder without an extension or with .conf, then apt.conf. The last value counts. */
function readAptSettings(files: HostFiles): Map<string, { value: string; source: string }> {
  const found = new Map<string, { value: string; source: string }>();
  const paths = [...listMatching(files, "/etc/apt/apt.conf.d/*"), "/etc/apt/apt.conf"];
  for (const path of paths.filter((each) => /\/[\w-]+(?:\.conf)?$/.test(each)))
    for (const { name, value } of parseAptConfig(files.findText(path) ?? "")) {
      if (value === undefined) found.delete(name);
      else found.set(name, { value, source: path });
    }
  return found;
}

const DNF_TIMERS = [
  "dnf-automatic.timer",
  "dnf-automatic-install.timer",
  "dnf5-automatic.timer",
  "dnf-automatic-download.timer",
];
/** The vendor's file first: the others override single settings. */
const DNF_FILES = [
  "/usr/share/dnf5/dnf5-plugins/automatic.conf",
  "/etc/dnf/dnf5-plugins/automatic.conf",
  "/etc/dnf/automatic.conf",
];
const DNF_PROGRAMS = ["/usr/bin/dnf", "/usr/bin/dnf5", "/usr/bin/microdnf"];

function dnf(files: HostFiles): SecuritySetting[] {
  if (!DNF_PROGRAMS.some((path) => files.exists(path))) return [];
  const paths = DNF_FILES.filter((path) => files.exists(path));
  if (paths.length === 0) return [setting("updates", "dnf-automatic", "not installed")];
  return [
    setting("updates", "dnf-automatic", "installed", paths.at(-1)),
    ...commandSettings(files, "dnf-automatic", paths, ["apply_updates", "upgrade_type", "reboot"]),
    ...DNF_TIMERS.flatMap((name) => timer(files, name)),
  ];
}

/** The older tool of Red Hat 7. */
function yum(files: HostFiles): SecuritySetting[] {
  const path = "/etc/yum/yum-cron.conf";
  if (!files.exists("/usr/sbin/yum-cron") || !files.exists(path)) return [];
  return [
    ...timer(files, "yum-cron.service"),
    ...commandSettings(files, "yum-cron", [path], ["apply_updates", "update_cmd"]),
  ];
}

function commandSettings(
  files: HostFiles,
  software: string,
  paths: readonly string[],
  names: readonly string[],
): SecuritySetting[] {
  const found = new Map<string, [value: string, source: string]>();
  for (const path of paths)
    for (const [name, value] of parseIniSection(files.findText(path) ?? "", "commands"))
      found.set(name, [value, path]);
  return names.flatMap((name) => {
    const value = found.get(name);
    // Each has a few words as values. Another text is a mistake, and may be anything.
    return value && /^[\w-]{1,40}$/.test(value[0]) ? setting("updates", `${software} ${name}`, ...value) : [];
  });
}

export function parseIniSection(text: string, section: string): Map<string, string> {
  const values = new Map<string, string>();
  let isInside = false;
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line.startsWith("[")) isInside = line === `[${section}]`;
    else if (isInside && !line.startsWith("#") && line.includes("=")) {
      const equals = line.indexOf("=");
      values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return values;
}

/** Debian and Ubuntu create a file if an update requires a restart, if one of these packages is installed. */
const RESTART_HOOKS = [
  "/etc/kernel/postinst.d/unattended-upgrades",
  "/usr/share/update-notifier/notify-reboot-required",
];

function restart(files: HostFiles): SecuritySetting[] {
  const path = "/run/reboot-required";
  if (files.exists(path)) return [setting("updates", "reboot-required", "yes", path)];
  const isKnown = files.isRunning && RESTART_HOOKS.some((hook) => files.exists(hook));
  return isKnown ? [setting("updates", "reboot-required", "no", path)] : [];
}

/** Nothing if the host has no such unit. */
function timer(files: HostFiles, unit: string): SecuritySetting[] {
  const start = findServiceStart(files, unit);
  return start ? [setting("updates", unit, start.isEnabled ? "enabled" : "disabled", start.source)] : [];
}

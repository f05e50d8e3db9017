// Whether the host installs updates automatically: apt's periodic jobs with unattended-upgrades,
// dnf-automatic, and a pending restart.
import type { HostFiles } from "../host-files.ts";
import { type AptSetting, parseAptConfig } from "./apt-config.ts";
import { findMatching } from "./matching-files.ts";
import { type SecuritySetting, setting } from "./setting.ts";
import { isUnitWanted } from "./systemd-unit.ts";

export function readUpdateSettings(files: HostFiles): SecuritySetting[] {
  return [...apt(files), ...dnf(files), ...restart(files)];
}

const APT_SETTINGS = [
  { name: "APT::Periodic::Enable", fallback: "1" },
  { name: "APT::Periodic::Update-Package-Lists", fallback: "0" },
  { name: "APT::Periodic::Unattended-Upgrade", fallback: "0" },
  { name: "Unattended-Upgrade::Automatic-Reboot", fallback: "false" },
];

function apt(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/usr/bin/apt-get")) return [];
  // apt reads the files of the folder that have no extension or .conf, then apt.conf. The last value counts.
  const read: (AptSetting & { source: string })[] = [
    ...findMatching(files, "/etc/apt/apt.conf.d/*"),
    ...findMatching(files, "/etc/apt/apt.conf"),
  ]
    .filter(({ path }) => path.endsWith(".conf") || /^[\w-]+$/.test(path.slice(path.lastIndexOf("/") + 1)))
    .flatMap(({ path, text }) => parseAptConfig(text).map((each) => ({ ...each, source: path })));
  return [
    setting(
      "updates",
      "unattended-upgrades",
      files.exists("/usr/bin/unattended-upgrade") ? "installed" : "not installed",
    ),
    setting("updates", "apt-daily-upgrade.timer", enabled(files, "apt-daily-upgrade.timer")),
    ...APT_SETTINGS.map(({ name, fallback }) => {
      const found = read.findLast((each) => each.name === name.toLowerCase());
      return setting("updates", name, found?.value ?? fallback, found?.source);
    }),
  ];
}

const DNF_TIMERS = [
  "dnf-automatic.timer",
  "dnf-automatic-install.timer",
  "dnf5-automatic.timer",
  "dnf-automatic-download.timer",
];
const DNF_FILES = ["/etc/dnf/automatic.conf", "/etc/dnf/dnf5-plugins/automatic.conf"];

function dnf(files: HostFiles): SecuritySetting[] {
  if (!["/usr/bin/dnf", "/usr/bin/dnf5", "/usr/bin/microdnf"].some((path) => files.exists(path))) return [];
  const path = DNF_FILES.find((each) => files.exists(each));
  if (path === undefined) return [setting("updates", "dnf-automatic", "not installed")];
  const commands = parseIniSection(files.findText(path) ?? "", "commands");
  return [
    setting("updates", "dnf-automatic", "installed", path),
    ...["apply_updates", "upgrade_type", "reboot"].flatMap((name) => {
      const value = commands.get(name);
      return value === undefined ? [] : setting("updates", `dnf-automatic ${name}`, value, path);
    }),
    ...DNF_TIMERS.map((timer) => setting("updates", timer, enabled(files, timer))),
  ];
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

/** Debian and Ubuntu create a file if an update requires a restart. */
function restart(files: HostFiles): SecuritySetting[] {
  if (!files.exists("/usr/bin/apt-get")) return [];
  const path = "/run/reboot-required";
  const isRequired = files.exists(path);
  return [setting("updates", "reboot-required", isRequired ? "yes" : "no", isRequired ? path : undefined)];
}

function enabled(files: HostFiles, unit: string): string {
  return isUnitWanted(files, unit) ? "enabled" : "disabled";
}

// Sections that all guides share: what is on the machine, and what the sensor collects.

import { INSTALLED_FILES, type InstalledHost } from "../installed-files.ts";
import { DEFINITIONS, LOGS, OWNER_SETTINGS, windowsOwnerSettings } from "../installed-paths.ts";
import { CATEGORIES } from "../inventory/categories.ts";
import { COLLECTED, COLLECTED_DOCUMENT, NEVER_COLLECTED, NEVER_DONE } from "../inventory/collected-facts.ts";
import { COLLECTED_ON, type SensorPlatform } from "../inventory/collected-on.ts";
import { type Block, list, paragraph, table } from "./guide.ts";

/** Runs as which user, and with which rights. */
const ACCOUNTS: Record<InstalledHost, string> = {
  systemd:
    "The service runs as root with two capabilities: it reads files and processes of all users, and writes to its state folder only. It creates no user and no group.",
  package:
    "The service runs as root with two capabilities: it reads files and processes of all users, and writes to its state folder only. It creates no user and no group.",
  openrc: "The service runs as root. It creates no user and no group.",
  container:
    "The container runs as root with two capabilities, to read files and processes of all users. The host is mounted read-only, except the state folder. It creates no user on the host.",
  macos: "The service runs as root. It creates no user and no group.",
  windows: "The task runs as SYSTEM. It creates no user and no service.",
};

const UNDER_OPENRC = `Under OpenRC, the service is \`${DEFINITIONS.openrc}\` instead of the units, and its log is \`${LOGS.openrc}\`. It has all capabilities of root.`;

/** What the installation made on a host. */
export function onTheMachine(host: InstalledHost, server: string): Block[] {
  const { entries } = INSTALLED_FILES[host];
  return [
    table(
      ["Path", "Content"],
      entries.map(({ path, what }) => [`\`${path}\``, what]),
    ),
    paragraph(ACCOUNTS[host]),
    ...(host === "systemd" ? [paragraph(UNDER_OPENRC)] : []),
    paragraph(`It opens no port. It connects to \`${server}\` about once a minute.`),
  ];
}

const WAYS: Record<SensorPlatform, string> = {
  linux: "The sensor reads files, `/proc`, `/sys` and sockets. It starts no other program to collect facts.",
  macos:
    "The sensor reads files and property lists. For the facts that no file has, it starts tools of macOS such as `lsof`, `dscl` and `system_profiler`, with fixed arguments and a deadline. macOS hides some files even from root: for a complete inventory, grant the sensor Full Disk Access, in the console of the MDM or under **System Settings > Privacy & Security > Full Disk Access**. Without it, the inventory says that it is partial.",
  windows:
    "The sensor reads the registry, files and functions of Windows. For the facts that only WMI and the security policy have, it starts PowerShell, at most every 15 minutes.",
};

const OWNER_FILES: Record<SensorPlatform, string> = {
  linux: OWNER_SETTINGS,
  macos: OWNER_SETTINGS,
  windows: windowsOwnerSettings("%ProgramFiles%"),
};

export function collectedFacts(platform: SensorPlatform = "linux"): Block[] {
  const shown = CATEGORIES.filter((name) => COLLECTED_ON[name].includes(platform));
  const rows = shown.map((name) => [COLLECTED[name].label, COLLECTED[name].source]);
  return [
    paragraph(WAYS[platform]),
    table(["Category", "Source"], rows),
    paragraph(`The document \`${COLLECTED_DOCUMENT}\` names every fact.`),
    paragraph("It never collects, even where it is beside a fact in a file that the sensor reads:"),
    list(...NEVER_COLLECTED.map(sentence)),
    paragraph("It never does these things:"),
    list(...NEVER_DONE.map(sentence)),
    paragraph(
      "`attacklens-sensor collect --json` prints everything that it would report, and sends nothing.",
    ),
    paragraph(`The owner of the host can switch categories off in \`${OWNER_FILES[platform]}\`.`),
  ];
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

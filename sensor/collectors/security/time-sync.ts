// Which program synchronizes the clock, whether it is enabled, and the servers that it asks.
import { posix } from "node:path";
import { firstOf } from "../first-of.ts";
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";
import { parseUnitFile, wordsOf } from "../services/unit-file.ts";
import { serviceState } from "./enabled-service.ts";
import { type SecuritySetting, setting } from "./setting.ts";

interface Daemon {
  name: string;
  programs: string[];
  services: string[];
  /** Patterns. The first one that exists is the source of the setting. */
  files: string[];
  /** Lower case. */
  keywords: string[];
  includes?: string[];
}

const DAEMONS: Daemon[] = [
  {
    name: "chrony",
    programs: ["/usr/sbin/chronyd"],
    services: ["chrony", "chronyd"],
    files: ["/etc/chrony/chrony.conf", "/etc/chrony.conf"],
    keywords: ["server", "pool", "peer"],
    includes: ["include", "confdir", "sourcedir"],
  },
  {
    name: "ntpd",
    programs: ["/usr/sbin/ntpd"],
    services: ["ntp", "ntpd", "ntpsec"],
    files: ["/etc/ntpsec/ntp.conf", "/etc/ntp.conf"],
    keywords: ["server", "pool", "peer"],
    includes: ["includefile"],
  },
  {
    name: "openntpd",
    programs: ["/usr/sbin/openntpd", "/usr/sbin/ntpctl"],
    services: ["openntpd"],
    files: ["/etc/openntpd/ntpd.conf", "/etc/ntpd.conf"],
    keywords: ["server", "servers"],
  },
];
const TIMESYNCD = {
  programs: ["/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd"],
  files: ["/etc/systemd/timesyncd.conf", "/usr/lib/systemd/timesyncd.conf"],
  dropIns: ["/usr/lib/systemd/timesyncd.conf.d/*.conf", "/etc/systemd/timesyncd.conf.d/*.conf"],
  synchronized: "/run/systemd/timesync/synchronized",
};
/** A host or an address. An address of a reference clock (127.127.x.y) is none. */
const HOST = /^(?!127\.127\.)[A-Za-z0-9.:_-]{1,253}$/;
const MAX_SERVERS = 50;
const MAX_FILES = 200;

export function readTimeSettings(files: HostFiles): SecuritySetting[] {
  return [...DAEMONS.flatMap((daemon) => daemonSettings(files, daemon)), ...timesyncd(files)];
}

function daemonSettings(files: HostFiles, daemon: Daemon): SecuritySetting[] {
  const program = daemon.programs.find((path) => files.exists(path));
  if (program === undefined) return [];
  const state = serviceState(files, daemon.services);
  const main = daemon.files.find((path) => files.exists(path));
  const servers = main === undefined ? [] : serversOf(files, daemon, main);
  return [
    ...(state === undefined ? [] : [setting("time", daemon.name, state, program)]),
    ...(servers.length > 0 ? [setting("time", `${daemon.name} servers`, servers.join(" "), main)] : []),
  ];
}

function serversOf(files: HostFiles, { keywords, includes = [] }: Daemon, main: string): readonly string[] {
  const servers: string[] = [];
  const pending = [main];
  // A list visits what is added meanwhile.
  for (const [read, path] of pending.entries()) {
    if (read >= MAX_FILES) {
      files.noteGap({ kind: "limit", subject: main, reason: `more than ${MAX_FILES} included files` });
      break;
    }
    for (const line of (files.findText(path) ?? "").split("\n")) {
      const [keyword = "", value = ""] = line.trim().split(/\s+/, 2);
      if (keywords.includes(keyword.toLowerCase())) servers.push(value);
      else if (includes.includes(keyword.toLowerCase()))
        pending.push(...includedBy(files, posix.resolve(posix.dirname(main), value)));
    }
  }
  return distinct(files, servers);
}

/** A folder has files with these ends (chrony.conf(5)). */
function includedBy(files: HostFiles, pattern: string): string[] {
  return listMatching(files, pattern).flatMap((path) =>
    files.findStat(path)?.kind === "folder"
      ? ["conf", "sources"].flatMap((end) => listMatching(files, `${path}/*.${end}`))
      : path,
  );
}

function timesyncd(files: HostFiles): SecuritySetting[] {
  const program = TIMESYNCD.programs.find((path) => files.exists(path));
  if (program === undefined) return [];
  const state = serviceState(files, ["systemd-timesyncd"]);
  const main = TIMESYNCD.files.find((path) => files.exists(path));
  const texts = [
    ...(main === undefined ? [] : [main]),
    ...TIMESYNCD.dropIns.flatMap((each) => listMatching(files, each)),
  ];
  let settings = new Map<string, string[]>();
  for (const path of texts) settings = parseUnitFile(files.findText(path) ?? "", settings);
  const servers = distinct(files, wordsOf(settings, "Time.NTP"));
  return [
    ...(state === undefined ? [] : [setting("time", "systemd-timesyncd", state, program)]),
    ...(servers.length > 0 ? [setting("time", "systemd-timesyncd servers", servers.join(" "), main)] : []),
    ...(files.isRunning && files.exists(TIMESYNCD.synchronized)
      ? [setting("time", "clock synchronized", "yes", TIMESYNCD.synchronized)]
      : []),
  ];
}

function distinct(files: HostFiles, servers: readonly string[]): readonly string[] {
  const all = [...new Set(servers.filter((server) => HOST.test(server)))];
  return firstOf(files, "time servers", all, MAX_SERVERS);
}

// The effective settings of OpenSSH's server, for all connections and for those of each Match block.
import { factText } from "../collector.ts";
import { findMainFile } from "../configuration.ts";
import { listMatching } from "../glob.ts";
import type { HostFiles } from "../host-files.ts";
import { kebabCase, type SecuritySetting, setting } from "./setting.ts";
import { readSshdBuild } from "./sshd/build.ts";
import { parseSshdConfig, type SshdConfig } from "./sshd/config.ts";
import { effectiveSettings, type SshdSetting } from "./sshd/effective.ts";
import { findKeyword } from "./sshd/keywords.ts";
import { findSshdSocket, readSshdStart, type SshdSocket, type SshdStart } from "./sshd/start.ts";

/** With the configuration that is built into them. */
const PROGRAMS = [
  { path: "/usr/sbin/sshd" },
  { path: "/usr/bin/sshd" },
  { path: "/usr/local/sbin/sshd", config: "/usr/local/etc/sshd_config" },
];

/** Empty on a host without sshd, or without a configuration of it: then sshd does not start. */
export function readSshSettings(files: HostFiles): SecuritySetting[] {
  const program = PROGRAMS.find(({ path }) => files.exists(path));
  if (program === undefined) return [];
  const start = readSshdStart(files);
  const main = findConfiguration(files, start?.file ?? program.config);
  if (main?.text === undefined) return [];
  const build = readSshdBuild(files, program.path);
  const options = (start?.lines ?? []).map((text) => ({ text, source: start?.source ?? "" }));
  const config = parseSshdConfig(
    { path: main.path, text: main.text },
    {
      version: build.version,
      list: (pattern) => listReadable(files, pattern),
      read: (path) => files.findText(path),
    },
    options,
  );
  for (const { subject, reason } of config.problems)
    files.noteGap({ kind: "not-understood", subject, reason });
  if (start?.hasPorts) keepPortsOf(start, config);
  const settings = effectiveSettings(config, build);
  const socket = findSshdSocket(files);
  return (socket ? withSocket(settings, socket) : settings).map((each) => sshItem(each, build.source));
}

/** Undefined if a folder cannot be read: the matching files are not known. */
function listReadable(files: HostFiles, pattern: string): string[] | undefined {
  const countUnread = () => files.listGaps().filter(({ kind }) => kind !== "limit").length;
  const before = countUnread();
  const found = listMatching(files, pattern);
  return countUnread() > before ? undefined : found;
}

function findConfiguration(files: HostFiles, path: string | undefined) {
  return path !== undefined && files.exists(path)
    ? { path, text: files.findText(path) }
    : findMainFile(files, "sshd");
}

/** With `-p`, sshd ignores the ports in its files. */
function keepPortsOf(start: SshdStart, config: SshdConfig): void {
  config.lines = config.lines.filter(
    ({ keyword, source }) => keyword.type !== "port" || source === start.source,
  );
}

/** systemd listens, so the addresses in sshd_config do not count. */
function withSocket(settings: readonly SshdSetting[], { streams, source }: SshdSocket): SshdSetting[] {
  const ports = streams.flatMap((stream) => /(?:^|:)(\d+)$/.exec(stream)?.[1] ?? []);
  const addresses = streams.filter((stream) => !/^\d+$/.test(stream));
  const listening = [
    { keyword: findKeyword("port"), values: ports },
    { keyword: findKeyword("listenaddress"), values: addresses },
  ].flatMap(({ keyword, values }) =>
    keyword && values.length > 0
      ? { keyword, value: [...new Set(values)].join(" "), source, criteria: "" }
      : [],
  );
  const others = settings.filter(({ keyword }) => keyword.type !== "port" && keyword.type !== "listen");
  return [...listening, ...others];
}

const MAX_CRITERIA_IN_KEY = 150;

function sshItem({ keyword, value, source, criteria }: SshdSetting, defaultSource: string): SecuritySetting {
  const id = kebabCase(keyword.name);
  const shown =
    criteria.length <= MAX_CRITERIA_IN_KEY
      ? criteria
      : new Bun.CryptoHasher("sha256").update(criteria).digest("hex").slice(0, 16);
  return {
    ...setting("ssh", keyword.name, value, source ?? defaultSource, criteria ? `match ${shown}/${id}` : id),
    condition: criteria ? factText(criteria, 500) : undefined,
  };
}

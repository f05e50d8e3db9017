// The settings of OpenSSH's server for all connections. Settings in Match blocks apply to some connections
// only and are not reported.
import { posix } from "node:path";
import { findMainFile } from "../configuration.ts";
import type { HostFiles } from "../host-files.ts";
import { findMatching } from "./matching-files.ts";
import { kebabCase, type SecuritySetting, setting } from "./setting.ts";
import { parseSshdConfig, type SshdLine, timeInSeconds } from "./sshd-config.ts";
import { SSHD_SETTINGS, SSHD_SYNONYMS, type SshdSetting } from "./sshd-settings.ts";

const PROGRAMS = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];

/** Empty on a host without sshd. */
export function readSshSettings(files: HostFiles): SecuritySetting[] {
  if (!PROGRAMS.some((path) => files.exists(path))) return [];
  const { path, text } = findMainFile(files, "sshd") ?? { path: "", text: "" };
  const lines = parseSshdConfig(text ?? files.readText(path) ?? "", path, (pattern) =>
    findMatching(files, posix.resolve("/etc/ssh", pattern)),
  );
  return sshSettings(lines);
}

export function sshSettings(lines: readonly SshdLine[]): SecuritySetting[] {
  const byKeyword = new Map<string, SshdLine[]>();
  for (const line of lines) {
    const keyword = SSHD_SYNONYMS[line.keyword] ?? line.keyword;
    const known = byKeyword.get(keyword);
    if (known) known.push(line);
    else byKeyword.set(keyword, [line]);
  }
  return SSHD_SETTINGS.flatMap((known) => {
    const found = byKeyword.get(known.name.toLowerCase()) ?? [];
    const value = found.length > 0 ? effectiveValue(known, found) : known.fallback;
    return value === undefined
      ? []
      : setting("ssh", known.name, value, found[0]?.source, kebabCase(known.name));
  });
}

function effectiveValue(known: SshdSetting, found: readonly SshdLine[]): string {
  if (known.isList) return found.map(({ value }) => value).join(" ");
  const value = found[0]?.value ?? "";
  if (known.isTime) return timeInSeconds(value);
  if (/^(?:yes|no|none|true|false)$/i.test(value)) return value.toLowerCase();
  // An older name of the same value.
  return value.toLowerCase() === "without-password" ? "prohibit-password" : value;
}
